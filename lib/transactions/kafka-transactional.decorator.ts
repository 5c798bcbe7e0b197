import { Transactional } from './transactional.decorator.js';

/** `@Transactional()` by another name, for applications that have another decorator of that name. */
export const KafkaTransactional = Transactional;
