const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nestjs-kafka-producer$': '<rootDir>/lib/index.ts',
    '^nestjs-kafka-producer/testing$': '<rootDir>/lib/testing/index.ts',
    '^nestjs-kafka-producer/health$': '<rootDir>/lib/health/index.ts',
    '^nestjs-kafka-producer/opentelemetry$': '<rootDir>/lib/observability/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};

/** `unit` needs no broker; `broker` shares one embedded broker; `faults` starts its own three-node clusters, one file after the other. */
export default {
  // Only what hangs is ended by it: suites share the machine's cores with brokers, and what must be quick measures that itself.
  testTimeout: 30_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{lib,sample,bench}/**/*.spec.ts'],
    },
    {
      ...shared,
      displayName: 'broker',
      testMatch: ['<rootDir>/test/!(faults)/**/*.spec.ts'],
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
    { ...shared, displayName: 'faults', testMatch: ['<rootDir>/test/faults/**/*.spec.ts'] },
  ],
};
