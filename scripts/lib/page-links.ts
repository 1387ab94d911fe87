// Finds the links and the headings of a Markdown page. Pure.
//   R1  Code is no text: fenced blocks and `inline code` hold no links and no headings.
//   R2  A heading's anchor is the one that GitHub gives it.

/** A link to another place of this repository. */
export interface PageLink {
  /** As written, relative to the page; "" for a place of the page itself. */
  readonly file: string;
  /** After `#`; "" when there is none. */
  readonly anchor: string;
}

function proseOf(page: string): string {
  return page.replaceAll(/^(`{3,})[^]*?^\1$/gm, "");
}

/** The links of a page, without those that leave the repository. */
export function linksOf(page: string): PageLink[] {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, "");
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = "", anchor = ""] = target.split("#");
      return { file, anchor };
    });
}

/** The anchors of a page's headings, in order (R2). */
export function anchorsOf(page: string): string[] {
  const seen = new Map<string, number>();
  return Array.from(proseOf(page).matchAll(/^#{1,6} (.+)$/gm), ([, heading = ""]) => {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = text.replaceAll(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-");
    const earlier = seen.get(anchor) ?? 0;
    seen.set(anchor, earlier + 1);
    return earlier === 0 ? anchor : `${anchor}-${earlier}`;
  });
}
