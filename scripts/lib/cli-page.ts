// Writes docs/reference/cli.md from the command line's own definitions: what `--help` prints is what the page shows.
import type { Actions } from "../../src/cli/actions.ts";
import { createProgram } from "../../src/cli/program.ts";

const nothing = (): Promise<number> => Promise.resolve(0);

/** The whole page. */
export function generate(): string {
  const actions = new Proxy({} as Actions, { get: () => nothing });
  const program = createProgram(actions, "", () => undefined);
  const commands = program.commands.map((command) => {
    let help = "";
    command.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
    return `## manta ${command.name()}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\``;
  });
  return [INTRODUCTION, ...commands].join("\n\n");
}

const INTRODUCTION = `# Command line

Written from the definitions in \`src/cli/define-*.ts\` by \`npm run docs:gen\`. The package brings the command as \`manta\`
and as \`manta-serve\`; before an install it is \`npx manta-serve\`, because the npm package \`manta\` is another one.

| exit code | means |
| --- | --- |
| 0 | done; also after the first Ctrl-C, which drains |
| 1 | failed; one line on standard error says why |
| 2 | wrong use: an unknown command or flag (with the nearest known one), a value that a flag does not take |
| 130, 143 | ended at once by a second Ctrl-C or SIGTERM |

Results go to standard output, progress, questions and errors to standard error. \`MANTA_HOME\` (default \`~/.manta\`) and
\`MANTA_NAMESPACE\` (default \`default\`) say which instance a command means. Windows is not supported.`;
