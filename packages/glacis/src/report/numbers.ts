/**
 * How numbers are written for a reader: percents with at most one decimal that never round to a
 * false 0 or 100, radii with three significant digits, sizes in the words of their norm, durations.
 */
import type { Fraction, Interval, NormName } from '@glacis/core';

export const absent = '–';

/** A fraction as a percent: 0.983 → "98.3%". All but one is never "100%", one never "0%". */
export function percent(fraction: Fraction): string {
  return fraction === null ? absent : `${percentNumber(fraction)}%`;
}

function percentNumber(fraction: number): string {
  const rounded = Math.round(fraction * 1000) / 10;
  if (rounded >= 100 && fraction < 1) return '99.9';
  if (rounded <= 0 && fraction > 0) return '<0.1';
  return String(rounded);
}

/** An interval of fractions: [0.93, 0.994] → "93–99.4%". */
export function percentRange(interval: Interval): string {
  if (interval === null) return absent;
  return `${percentNumber(interval[0])}–${percentNumber(interval[1])}%`;
}

/** Below this, zeros after the point are counted by an exponent: 0.000019 is 1.9e−5. */
const SMALLEST_PLAIN = 1e-3;

/** A radius or a distance: three significant digits, no trailing zeros. */
export function radius(value: number | null): string {
  if (value === null || Number.isNaN(value)) return absent;
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const rounded = Number(value.toPrecision(3));
  if (rounded === 0 || Math.abs(rounded) >= SMALLEST_PLAIN) return signed(String(rounded));
  return signed(rounded.toExponential()).replace('e-', 'e−');
}

/** A radius that is proven: the same, but never more than was proven. */
export function provenRadius(value: number | null): string {
  if (value === null || !Number.isFinite(value) || value <= 0) return radius(value);
  const unit = 10 ** (Math.floor(Math.log10(value)) - 2);
  const nearest = Number(value.toPrecision(3));
  return radius(nearest > value ? nearest - unit : nearest);
}

/** The radius `value` beside another one: with enough digits to tell them apart. */
export function radiusBeside(value: number, other: number): string {
  if (radius(value) !== radius(other)) return radius(value);
  for (let digits = 4; digits <= 17; digits++) {
    if (value.toPrecision(digits) !== other.toPrecision(digits)) {
      return plainNumber(value, Math.min(17, digits + 2));
    }
  }
  return radius(value);
}

/** A value of an input, to so many significant digits. */
export function plainNumber(value: number, digits = 6): string {
  return Number.isFinite(value) ? signed(String(Number(value.toPrecision(digits)))) : String(value);
}

function signed(text: string): string {
  return text.startsWith('-') ? `−${text.slice(1)}` : text;
}

/** ε as its author would write it: 0.1, or 8/255 where that is what was meant. */
export function epsilon(eps: number): string {
  const levels = eps * 255;
  const whole = Math.round(levels);
  const meant = eps < 1 && whole >= 1 && Math.abs(levels - whole) < 1e-5;
  if (!meant || Number(eps.toPrecision(3)) === eps) return radius(eps);
  return `${whole}/255`;
}

/** The size of a perturbation after "perturbations of": "size 0.1", "3 features". */
export function sizeWords(norm: NormName, eps: number): string {
  if (norm !== 'l0') return `size ${epsilon(eps)}`;
  return eps === 1 ? '1 feature' : `${radius(eps)} features`;
}

const symbols: Readonly<Record<NormName, string>> = { linf: 'ℓ∞', l2: 'ℓ2', l1: 'ℓ1', l0: 'ℓ0' };

export function normSymbol(norm: NormName): string {
  return symbols[norm];
}

/** A whole number with thousands separated. */
export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A whole number in at most four characters or so: 950, 12.3k, 4.1M. */
export function shortCount(value: number): string {
  if (value < 10_000) return String(Math.round(value));
  for (const [unit, letter] of [
    [1e3, 'k'],
    [1e6, 'M'],
  ] as const) {
    const scaled = value / unit;
    if (scaled < 999.5) return `${Number(scaled.toPrecision(3))}${letter}`;
  }
  return `${Number((value / 1e9).toPrecision(3))}G`;
}

/** "1 input", "12 inputs". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function duration(seconds: number): string {
  if (seconds < 0.0005) return '0 s';
  if (seconds < 1) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** The last part of a path, in either system's spelling. */
export function baseName(path: string): string {
  return (
    path
      .split(/[/\\]/)
      .filter((part) => part !== '')
      .pop() ?? path
  );
}
