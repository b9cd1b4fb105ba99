// SPDX-License-Identifier: GPL-2.0-only
// Colour: Python's source in lines of pieces, each with the class it is shown in.

const PIECES = new RegExp([
  '(?<text>[rbf]{0,2}(?:"""[\\s\\S]*?"""|"(?:\\\\.|[^"\\n\\\\])*"|\'(?:\\\\.|[^\'\\n\\\\])*\'))',
  "(?<comment>#[^\\n]*)",
  "(?<word>\\b(?:and|as|assert|break|class|continue|def|del|elif|else|except|finally|for|from" +
    "|global|if|import|in|is|lambda|not|or|pass|raise|return|try|while|with|None|True|False)\\b)",
].join("|"), "g");

/** The lines of a source: each a list of [text, class]. */
export function coloured(source) {
  const lines = [[]];
  const add = (text, look) => {
    text.split("\n").forEach((part, i) => {
      if (i) lines.push([]);
      if (part) lines.at(-1).push([part, look]);
    });
  };
  let end = 0;
  for (const match of source.matchAll(PIECES)) {
    add(source.slice(end, match.index), "");
    const look = Object.entries(match.groups).find(([, text]) => text !== undefined)[0];
    add(match[0], look);
    end = match.index + match[0].length;
  }
  add(source.slice(end).replace(/\n$/, ""), "");
  return lines;
}
