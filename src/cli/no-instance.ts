/** What a command says when there is nothing that it could act on. */
export function noInstance(namespace: string): string {
  return `no instance runs in namespace ${namespace}; start one by manta run <file> or manta start`;
}
