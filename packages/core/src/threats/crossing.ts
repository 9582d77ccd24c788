/**
 * The shortest move onto a hyperplane within rooms, in float64 on the host: the least ‖u‖ with
 * a·u = need, 0 ≤ uᵢ ≤ roomᵢ and a ≥ 0 (signs are the caller's). Where the rooms do not suffice, every
 * coordinate goes as far as it may. Also the Euclidean projection onto an ℓ1 ball. Nothing is allocated.
 */

/**
 * ℓ∞ and ℓ2: uᵢ = min(t·sᵢ, roomᵢ) with s = 1 and s = a. What a·u gains is concave and piecewise
 * linear in t, so Newton's iteration from 0 rises to the solution and ends after finitely many rounds.
 */
export function fillEvenly(
  a: Float64Array,
  room: Float64Array,
  proportional: boolean,
  need: number,
  out: Float64Array,
): void {
  let t = 0;
  for (let round = 0; round <= a.length; round++) {
    let [spent, open] = [0, 0];
    for (let i = 0; i < a.length; i++) {
      const [slope, most] = [a[i] ?? 0, room[i] ?? 0];
      const own = proportional ? slope : 1;
      if (most <= t * own) spent += slope * most;
      else open += slope * own;
    }
    const next = open > 0 ? (need - spent) / open : Infinity;
    if (!(next > t)) break;
    t = next;
    if (t === Infinity) break;
  }
  for (let i = 0; i < a.length; i++) {
    const slope = a[i] ?? 0;
    // A coordinate without slope gains nothing and stays.
    out[i] = slope > 0 ? Math.min(t * (proportional ? slope : 1), room[i] ?? 0) : 0;
  }
}

/** Indices in an order that a selection changes; as long as the longest vector seen. */
let order = new Int32Array(0);

function indices(count: number): Int32Array {
  if (order.length < count) order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  return order;
}

/**
 * ℓ1: the steepest coordinates to their rooms, the last one in part. Found by weighted selection, in
 * time linear in the coordinates: the part of larger slopes is filled whole or searched further.
 */
export function fillSteepest(
  a: Float64Array,
  room: Float64Array,
  need: number,
  out: Float64Array,
): void {
  const index = indices(a.length);
  out.fill(0);
  let [low, high, left] = [0, a.length, need];
  while (low < high && left > 0) {
    const pivot = a[index[(low + high) >> 1] ?? 0] ?? 0;
    // Three parts: above the pivot, equal to it, below.
    let [above, at, below] = [low, low, high];
    let gain = 0;
    while (at < below) {
      const i = index[at] ?? 0;
      const slope = a[i] ?? 0;
      if (slope > pivot) {
        gain += slope * (room[i] ?? 0);
        index[at++] = index[above] ?? 0;
        index[above++] = i;
      } else if (slope < pivot) {
        index[at] = index[--below] ?? 0;
        index[below] = i;
      } else at++;
    }
    if (gain >= left && above > low) {
      high = above;
      continue;
    }
    for (let k = low; k < above; k++) out[index[k] ?? 0] = room[index[k] ?? 0] ?? 0;
    left -= gain;
    // What has no slope gains nothing.
    if (!(pivot > 0)) return;
    for (let k = above; k < below && left > 0; k++) {
      const i = index[k] ?? 0;
      const part = Math.min(left / pivot, room[i] ?? 0);
      out[i] = part;
      left -= part * pivot;
    }
    low = below;
  }
}

/** ℓ0: the features that gain most go through their whole room, until they gain enough. */
export function fillWhole(
  a: Float64Array,
  room: Float64Array,
  need: number,
  out: Float64Array,
): void {
  const index = indices(a.length).subarray(0, a.length);
  const gain = (i: number): number => {
    const own = (a[i] ?? 0) * (room[i] ?? 0);
    return own > 0 ? own : 0;
  };
  index.sort((p, q) => gain(q) - gain(p) || p - q);
  out.fill(0);
  let left = need;
  for (const i of index) {
    if (!(left > 0) || gain(i) === 0) return;
    out[i] = room[i] ?? 0;
    left -= gain(i);
  }
}

/** u to the nearest vector of at most `radius` features: its largest, of equal ones the first. */
export function keepLongest(u: Float64Array, radius: number): void {
  const kept = Math.max(0, Math.floor(radius));
  if (kept >= u.length) return;
  const sizes = u.map(Math.abs).sort();
  const cut = sizes[u.length - kept] ?? Infinity;
  let left = kept;
  for (let i = 0; i < u.length; i++) if (Math.abs(u[i] ?? 0) > cut) left--;
  for (let i = 0; i < u.length; i++) {
    const size = Math.abs(u[i] ?? 0);
    if (size > cut || (size === cut && left-- > 0)) continue;
    u[i] = 0;
  }
}

/** u to the nearest point of the ℓ1 ball: the soft threshold, by Newton's iteration from 0 (Michelot). */
export function softThreshold(u: Float64Array, radius: number): void {
  let threshold = 0;
  for (let round = 0; round <= u.length; round++) {
    let [sum, count] = [0, 0];
    for (let i = 0; i < u.length; i++) {
      const size = Math.abs(u[i] ?? 0);
      if (size <= threshold) continue;
      sum += size;
      count++;
    }
    const next = count > 0 ? (sum - radius) / count : threshold;
    if (!(next > threshold)) break;
    threshold = next;
  }
  for (let i = 0; i < u.length; i++) {
    const value = u[i] ?? 0;
    u[i] = Math.sign(value) * Math.max(0, Math.abs(value) - threshold);
  }
}
