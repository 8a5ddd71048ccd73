/**
 * The calls of one caller that are on their way, by the number of their request.
 *
 * A number names a place and how often it was used, so it is never given twice, finding a call takes no
 * hashing, and a call that has ended is held by nothing. (A `Map` of numbers that come and go is copied again
 * and again, and each old copy keeps all that it held from the garbage collector once it has aged itself.)
 *
 * Invariants
 * 1. A number is given to one call only, and is below `requestsMax`: a place whose numbers are used up
 *    is given to nobody any more.
 * 2. There are as many places as there ever were calls at a time, and those that are used up.
 */

/** More calls at a time there cannot be. */
export const placesMax = 131_072;
/** The numbers of requests stay below it: those above belong to members that pass requests on. */
export const requestsMax = 2 ** 50;

export interface Placed {
  /** The number of its request; 0 before it has a place. */
  request: number;
  /** Counts the calls: the order in which they were made. */
  readonly serial: number;
}

export class OpenCalls<Call extends Placed> {
  readonly #places: (Call | undefined)[] = [];
  /** How often each place was used. */
  readonly #uses: number[] = [];
  readonly #free: number[] = [];
  readonly #usesMax: number;
  /** Places that were used so often that they have no number left. */
  #usedUp = 0;

  constructor(usesMax = requestsMax / placesMax - 1) {
    this.#usesMax = usesMax;
  }

  get size(): number {
    return this.#places.length - this.#free.length - this.#usedUp;
  }

  /** Gives the call its number. The caller sees to it that there is room. */
  add(call: Call): void {
    const place = this.#free.pop() ?? this.#places.length;
    const uses = (this.#uses[place] ?? 0) + 1;
    this.#uses[place] = uses;
    this.#places[place] = call;
    call.request = uses * placesMax + place;
  }

  find(request: number): Call | undefined {
    const call = this.#places[request % placesMax];
    return call !== undefined && call.request === request ? call : undefined;
  }

  remove(call: Call): void {
    const place = call.request % placesMax;
    this.#places[place] = undefined;
    if ((this.#uses[place] as number) < this.#usesMax) this.#free.push(place);
    else this.#usedUp++;
  }

  /** Those for which `isMeant` holds, in the order in which they were made. */
  where(isMeant: (call: Call) => boolean): Call[] {
    const meant: Call[] = [];
    for (const call of this.#places) if (call !== undefined && isMeant(call)) meant.push(call);
    return meant.sort((one, other) => one.serial - other.serial);
  }
}
