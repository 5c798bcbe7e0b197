/** The version of this package, as brokers and the command line tell it. */
export const LIBRARY_VERSION = '0.1.0';
