/** The certificates and the private key found in a PEM text. */
export interface PemContent {
  readonly certificates: string[];
  readonly privateKeys: string[];
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;

/** Finds the blocks of a PEM text, also of one whose line breaks became blanks, as in a value that had to fit one line. */
export function parsePem(text: string): PemContent {
  const certificates: string[] = [];
  const privateKeys: string[] = [];
  for (const [block, label = '', body = ''] of text.matchAll(BLOCK)) {
    const normal = normalize(block, label, body);
    if (label.endsWith('CERTIFICATE')) certificates.push(normal);
    if (label.endsWith('PRIVATE KEY')) privateKeys.push(normal);
  }
  return { certificates, privateKeys };
}

function normalize(block: string, label: string, body: string): string {
  // A traditional encrypted key has header lines, whose breaks cannot be guessed: it stays as it is.
  if (body.includes(':')) return block;
  const lines = body.replaceAll(/\s+/g, '').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
