/**
 * Versions of one entry, as readers see them: none is below one that anybody had seen before the read began, and one
 * version has one value.
 */
export class VersionHistory {
  readonly violations: string[] = [];
  /** How many reads were looked at. */
  looks = 0;
  readonly #values = new Map<number, unknown>();
  #highest = 0;

  /** A read begins; gives what is to be told when it ends. */
  begin(): (version: number, value: unknown) => void {
    const least = this.#highest;
    return (version, value) => {
      this.looks++;
      if (version < least) this.violations.push(`version ${version} was read after ${least}`);
      const known = this.#values.get(version) ?? value;
      if (known !== value) {
        this.violations.push(`version ${version} had the value ${known}, and then ${value}`);
      }
      this.#values.set(version, value);
      if (version > this.#highest) this.#highest = version;
    };
  }
}
