import { ConfigError } from '../errors.js';

/** The one login of a `sasl.jaas.config`. */
export interface JaasLogin {
  /** The login module's class name without its package, e.g. `ScramLoginModule`. */
  readonly loginModule: string;
  readonly options: ReadonlyMap<string, string>;
}

const SETTING = 'sasl.jaas.config';
/** A quoted text with escapes, a word, or a single sign; comments and blanks are passed over. */
const TOKEN = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|"((?:\\[\s\S]|[^"\\])*)"|'((?:\\[\s\S]|[^'\\])*)'|([^\s"'=;]+)|([=;])/gy;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', b: '\b' };

interface Token {
  readonly text: string;
  readonly sign: boolean;
}

/**
 * Reads `LoginModuleClass required name="value" ... ;` (Kafka's `JaasConfig`). Errors never repeat what was given.
 * @throws ConfigError
 */
export function parseJaasConfig(text: string): JaasLogin {
  const tokens = tokenize(text);
  const [loginModule, controlFlag] = tokens;
  if (loginModule === undefined || loginModule.sign || controlFlag === undefined || controlFlag.sign) {
    throw malformed('it must start with a login module class and a control flag');
  }
  if (!/^(required|requisite|sufficient|optional)$/i.test(controlFlag.text)) {
    throw malformed('after the class comes one of required, requisite, sufficient, optional');
  }
  const options = readOptions(tokens.slice(2));
  return { loginModule: loginModule.text.split('.').at(-1) ?? '', options };
}

function readOptions(tokens: readonly Token[]): Map<string, string> {
  const options = new Map<string, string>();
  let at = 0;
  while (at < tokens.length && !isSign(tokens[at], ';')) {
    const [name, equals, value] = tokens.slice(at, at + 3);
    if (name === undefined || name.sign || !isSign(equals, '=') || value === undefined || value.sign) {
      throw malformed('each option must be name="value"');
    }
    options.set(name.text, value.text);
    at += 3;
  }
  if (at >= tokens.length) throw malformed('the closing semicolon is missing');
  if (at < tokens.length - 1) throw malformed('it must hold one login module only');
  return options;
}

function isSign(token: Token | undefined, sign: string): boolean {
  return token !== undefined && token.sign && token.text === sign;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    end = match.index + match[0].length;
    const quoted = match[1] ?? match[2];
    if (quoted !== undefined) tokens.push({ text: unescape(quoted), sign: false });
    else if (match[3] !== undefined) tokens.push({ text: match[3], sign: false });
    else if (match[4] !== undefined) tokens.push({ text: match[4], sign: true });
  }
  if (end !== text.length) throw malformed('a quoted text does not end');
  return tokens;
}

function unescape(quoted: string): string {
  return quoted.replaceAll(/\\([\s\S])/g, (_all, char: string) => ESCAPES[char] ?? char);
}

function malformed(reason: string): ConfigError {
  return new ConfigError(
    `${SETTING} cannot be read: ${reason}. Expected is e.g. ` +
      'org.apache.kafka.common.security.scram.ScramLoginModule required username="..." password="...";',
    SETTING,
    undefined,
    'TYPE',
  );
}
