import { CompressionRatioEstimator } from './compression-ratio-estimator.js';

describe('CompressionRatioEstimator', () => {
  it('starts at 1 for every topic, and keeps topics apart', () => {
    const ratios = new CompressionRatioEstimator();
    ratios.observe('t', 0.2);
    expect([ratios.estimate('t'), ratios.estimate('u')]).toEqual([0.995, 1]);
    expect(ratios.estimate('__proto__')).toBe(1);
  });

  it('becomes better in steps of 0.005, but never better than what was seen', () => {
    const ratios = new CompressionRatioEstimator();
    for (let batch = 0; batch < 10; batch++) ratios.observe('t', 0.3);
    expect(ratios.estimate('t')).toBeCloseTo(0.95);
    for (let batch = 0; batch < 1_000; batch++) ratios.observe('t', 0.3);
    expect(ratios.estimate('t')).toBe(0.3);
  });

  it('becomes worse ten times as fast, and at once as bad as what was seen', () => {
    const ratios = new CompressionRatioEstimator();
    for (let batch = 0; batch < 200; batch++) ratios.observe('t', 0.5);
    expect(ratios.estimate('t')).toBe(0.5);
    ratios.observe('t', 0.51);
    expect(ratios.estimate('t')).toBeCloseTo(0.55);
    ratios.observe('t', 0.9);
    expect(ratios.estimate('t')).toBe(0.9);
    ratios.observe('t', 1.4);
    expect(ratios.estimate('t')).toBe(1.4);
  });

  it('goes back to 1, or to what that batch was, after one was too large', () => {
    const ratios = new CompressionRatioEstimator();
    for (let batch = 0; batch < 100; batch++) ratios.observe('t', 0.4);
    ratios.reset('t', 0.7);
    expect(ratios.estimate('t')).toBe(1);
    ratios.reset('t', 1.2);
    expect(ratios.estimate('t')).toBe(1.2);
  });
});
