/** Control characters, those of C1 too: on a terminal they may do anything. */
// oxlint-disable-next-line no-control-regex -- they are what is meant
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** A text of somebody else's, for a line that people read: control characters are told instead of sent to their terminal. */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
