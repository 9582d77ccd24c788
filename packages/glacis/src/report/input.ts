/**
 * What a report is made of: the run document, a few inputs with their adversarial neighbours, and,
 * for data with two features, a picture of the plane. Arrays are flat and in C order.
 */
import type { NormName, Run } from '@glacis/core';

/** One input and the stored adversarial input found for it. */
export interface GalleryItem {
  /** Index of the input in the data file. */
  readonly index: number;
  readonly label: number | string;
  readonly prediction: number | string;
  readonly adversarialPrediction: number | string | null;
  /** Distance in the run's norm. */
  readonly distance: number;
  readonly method: string;
  readonly original: Float32Array;
  readonly adversarial: Float32Array;
  /** Shape of one input, without the batch: [1, 28, 28], [32, 32, 3], [784], … */
  readonly shape: readonly number[];
  /** The valid range of the values; null: the range of the two arrays. */
  readonly clip: readonly [number, number] | null;
}

/**
 * The margin of one input's label over a rectangle of the plane. `margin[j · resolution + i]` belongs
 * to the centre of cell (i, j): x grows with i from xRange[0], y grows with j from yRange[0].
 */
export interface PlanePicture {
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
  readonly resolution: number;
  readonly margin: Float32Array;
  readonly point: readonly [number, number];
  /** Radius of the ball to draw around the point: the largest one inside the sublevel set. */
  readonly radius: number;
  readonly norm: NormName;
  /** Where the ball touches the decision boundary. */
  readonly adversarial: readonly [number, number] | null;
  readonly features: readonly [string, string];
  readonly label: number | string;
}

export interface ReportInput {
  readonly run: Run;
  readonly gallery: readonly GalleryItem[];
  readonly plane?: PlanePicture | null;
  /** Names of the classes, by label. */
  readonly classes?: readonly string[];
  /** Names of the features, by flat position. */
  readonly features?: readonly string[];
}

/** A class by its name where it has one. */
export function className(
  classes: readonly string[] | undefined,
  label: number | string | null,
): string {
  if (label === null) return 'none';
  if (typeof label === 'string') return label;
  return classes?.[label] ?? String(label);
}
