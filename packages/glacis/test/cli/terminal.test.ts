/** What is said of the time that is left, from the beginning and after an earlier run. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Terminal } from '../../src/cli/terminal.ts';
import { announcement } from '../../src/run/execute.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('what an earlier run did is not counted', () => {
  expect(announcement(300, 0, 4.2, 1)).toBe('300 inputs, about 5 s');
  expect(announcement(300, 120, 2.5, 4)).toBe('180 of 300 inputs remain, about 3 s, 4 processes');
  expect(announcement(300, 299, 0.1, 1)).toBe('1 of 300 inputs remains, about 1 s');
});

test.each([
  // Half of the rest took 20 s.
  [0.6, 0.8, '80%, 8 of 10 inputs, about 20 s left\n'],
  [0, 0.5, '50%, 8 of 10 inputs, about 20 s left\n'],
])('from %f on, at %f', (from, fraction, expected) => {
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text) };
  const terminal = new Terminal({ quiet: false, color: false, stream });
  terminal.start(100, from);
  vi.advanceTimersByTime(20_000);
  terminal.progress({ stage: 'pgd', done: 8, total: 10, fraction });
  expect(lines).toEqual([expected]);
});
