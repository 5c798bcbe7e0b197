/**
 * Reads the text of a `.properties` file by the rules of `java.util.Properties.load`: `=`, `:` or blanks part name and value, `#` and
 * `!` start a comment line, a backslash at the end joins the next line, and `\t \n \r \f \uXXXX` are escapes (any other escaped
 * character is itself). The last of several equal names wins. Give UTF-8 text, not bytes.
 *
 * @throws SyntaxError for a malformed `\u` escape, as Java does
 */
export function parseProperties(text: string): Record<string, string> {
  const entries = logicalLines(text.replace(/^\uFEFF/, '')).map(parseLine);
  // fromEntries defines own properties, so that a line such as "__proto__=x" is an entry like any other.
  return Object.fromEntries(entries);
}

/** Comments and blank lines dropped, continuation lines joined, leading blanks removed. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let joined: string | null = null;
  for (const natural of text.split(/\r\n|\n|\r/)) {
    const line = natural.replace(/^[ \t\f]+/, '');
    if (joined === null && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const whole: string = (joined ?? '') + line;
    if (endsWithOpenBackslash(line)) {
      joined = whole.slice(0, -1);
      continue;
    }
    lines.push(whole);
    joined = null;
  }
  if (joined !== null && joined !== '') lines.push(joined);
  return lines;
}

function endsWithOpenBackslash(line: string): boolean {
  const backslashes = /\\*$/.exec(line)?.[0].length ?? 0;
  return backslashes % 2 === 1;
}

function parseLine(line: string): [string, string] {
  const name = /^(?:\\.|[^\\=: \t\f])*/s.exec(line)?.[0] ?? '';
  const value = line.slice(name.length).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '');
  return [unescape(name), unescape(value)];
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescape(text: string): string {
  return text.replaceAll(
    /\\(?:u([0-9a-fA-F]{4})|(u)|(.?))/gs,
    (_all, code: string, malformed: string, char: string) => {
      if (malformed !== undefined)
        throw new SyntaxError('A \\u escape in a properties text needs four hexadecimal digits.');
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      return ESCAPES[char] ?? char;
    },
  );
}
