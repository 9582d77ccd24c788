/** The points that a backward pass writes its coefficients around, a coefficient times (value − centre). */
import type { Node } from '../graph/graph.ts';
import { centred } from '../graph/ops/outward.ts';
import { evaluateRegion } from './affine.ts';
import type { RegionBounds } from './interval-specification.ts';

export class Centres {
  private readonly p: RegionBounds;
  private readonly known = new Map<number, Node>();

  constructor(p: RegionBounds) {
    this.p = p;
  }

  /** What coefficients of a value are relative to: a point of its set, or of its interval. */
  of(node: Node): Node {
    const known = this.known.get(node.id);
    if (known) return known;
    const centre = this.newCentre(node);
    this.known.set(node.id, centre);
    return centre;
  }

  private newCentre(node: Node): Node {
    const { p } = this;
    const set = p.sets.get(node.id);
    if (set) return set.centre;
    const region = p.regionOf(node);
    if (region.inside.length === 0 || !p.isFoldable(region)) {
      return centred(p.b, p.boundsOf(node)).centre;
    }
    // An affine value is centred where its region's frontier is.
    const centres = new Map(region.frontier.map((each) => [each.id, this.of(each)] as const));
    return evaluateRegion(p, region, centres);
  }

  /** How far a value may be from its centre, at most. */
  reachOf(node: Node): Node {
    const { b } = this.p;
    const { lower, upper } = this.p.boundsOf(node);
    const centre = this.of(node);
    const reach = b.max(b.abs(b.sub(upper, centre)), b.abs(b.sub(centre, lower)));
    return b.add(b.mul(reach, 1 + 2 ** -20), b.mul(b.abs(centre), 2 ** -22));
  }
}
