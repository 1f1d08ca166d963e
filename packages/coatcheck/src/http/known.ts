/** What may be known at once, or only later: each promise costs about a tenth of all that is done for a request. */

export type Known<T> = T | Promise<T>;

export function isPromise<T>(value: Known<T>): value is Promise<T> {
  return value instanceof Promise;
}

/** Goes on as soon as it is known: at once, if it is known already. */
export function whenKnown<T, U>(value: Known<T>, goOn: (value: T) => Known<U>): Known<U> {
  return isPromise(value) ? value.then(goOn) : goOn(value);
}
