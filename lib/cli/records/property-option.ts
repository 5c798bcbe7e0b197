import { InvalidArgumentError, Option, type Command } from 'commander';

/**
 * Adds an option `name=value` that may be repeated, and the name that it had before Kafka 4.2, `--property`. A value is taken as it is, with its blanks: it may be a
 * separator.
 */
export function addRepeatedProperty(command: Command, name: string, description: string): Command {
  const option = new Option(`--${name} <name=value>`, description).argParser(collectProperty);
  const former = new Option('--property <name=value>').argParser(collectProperty).hideHelp();
  command.addOption(option).addOption(former);
  return command.hook('preAction', () => {
    const ofFormer: unknown = command.getOptionValue(former.attributeName());
    const given: unknown = command.getOptionValue(option.attributeName());
    if (ofFormer !== undefined) command.setOptionValue(option.attributeName(), Object.assign({}, ofFormer, given));
  });
}

function collectProperty(text: string, former: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Give name=value.');
  return { ...former, [text.slice(0, at).trim()]: text.slice(at + 1) };
}
