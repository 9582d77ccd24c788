/** What every bound is: a way to bound the margins of a classifier over sets around its inputs. */
import type { Semantics } from '../audit/run.ts';
import type { Classifier } from '../runtime/classifier.ts';
import type { Rows, SetContext } from '../threats/ball.ts';

export interface Bound {
  /** Its name on the command line and in the ledger. */
  readonly id: string;
  /** Whether anything is known of sets of this norm, and of such a network; absent: always. */
  serves?(context: SetContext): boolean;
  /** Whether it costs as much as hundreds of passes through the network, input by input. */
  isDear(classifier: Classifier): boolean;
  /**
   * For each row a proven lower bound of the label's score less the greatest other over its ball; NaN
   * where nothing is known. Throws RuleMissing for an op that cannot be bounded.
   */
  margins(context: SetContext, rows: Rows, semantics: Semantics): Promise<Float64Array>;
}
