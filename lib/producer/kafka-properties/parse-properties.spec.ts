import { parseProperties } from './parse-properties.js';

describe('parseProperties', () => {
  it('reads name and value parted by =, : or blanks', () => {
    expect(parseProperties('a=1\nb: 2\nc 3\n  d  =  4 \ne\nf=\n=g')).toEqual({
      a: '1',
      b: '2',
      c: '3',
      d: '4 ',
      e: '',
      f: '',
      '': 'g',
    });
  });

  it('keeps separators in the value', () => {
    expect(parseProperties('a=b=c:d e\nurl = http://x:1')).toEqual({ a: 'b=c:d e', url: 'http://x:1' });
  });

  it('passes over comments and blank lines, but not over a # inside a value', () => {
    expect(parseProperties('# one\n  ! two\n\n \t\na=x # y\r\n#z=1')).toEqual({ a: 'x # y' });
  });

  it('joins lines that end with a backslash, without the blanks that follow', () => {
    expect(parseProperties('servers=a:1,\\\n   b:2,\\\r\n\tc:3\nnext=1')).toEqual({
      servers: 'a:1,b:2,c:3',
      next: '1',
    });
  });

  it('takes a comment sign on a continuation line for content', () => {
    expect(parseProperties('a=1\\\n#2')).toEqual({ a: '1#2' });
  });

  it('does not join after an even number of backslashes', () => {
    expect(parseProperties('path=C:\\\\\\\\\nnext=1')).toEqual({ path: 'C:\\\\', next: '1' });
  });

  it('reads escapes in names and values', () => {
    expect(parseProperties('a\\ b\\:c\\=d=x\\ty\\nz\\u00e9\\q\\\\')).toEqual({ 'a b:c=d': 'x\ty\nzéq\\' });
  });

  it('drops a backslash at the end of the text', () => {
    expect(parseProperties('a=1\\')).toEqual({ a: '1' });
  });

  it('lets the last of equal names win', () => {
    expect(parseProperties('a=1\na=2')).toEqual({ a: '2' });
  });

  it('takes __proto__ for a name like any other', () => {
    const properties = parseProperties('__proto__=x');

    expect(Object.keys(properties)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(properties)).toBe(Object.prototype);
  });

  it('ignores a byte order mark', () => {
    expect(parseProperties('\uFEFFa=1')).toEqual({ a: '1' });
  });

  it('refuses a malformed \\u escape', () => {
    expect(() => parseProperties('a=\\u12g4')).toThrow(SyntaxError);
  });
});
