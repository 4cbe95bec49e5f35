/** `useWatched`: what km knows of this machine, asked for again and again while somebody looks. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../../errors.ts";

export interface Watched<T> {
  /** As last known. */
  value?: T;
  /** Why there is nothing newer. */
  fault?: string;
}

interface Watching<T> extends Watched<T> {
  /** Looks at once. */
  refresh(): void;
}

/** @param load has to stay the same; undefined where there is nothing to be known */
export function useWatched<T>(load: ((signal: AbortSignal) => Promise<T>) | undefined, everyMs: number): Watching<T> {
  const [watched, setWatched] = useState<Watched<T>>({});
  const look = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (load === undefined) return undefined;
    let stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      const { signal } = stop;
      timer = undefined; // until it is answered
      try {
        if (!document.hidden) {
          const value = await load(signal);
          if (signal.aborted) return;
          setWatched((before) => (before.value === value && before.fault === undefined ? before : { value }));
        }
      } catch (error) {
        if (signal.aborted) return;
        const fault = messageOf(error);
        setWatched((before) => ({ ...before, fault }));
      }
      if (!signal.aborted) timer = setTimeout(() => void ask(), everyMs);
    };
    const askNow = (): void => {
      stop.abort(); // what is under way may know less
      stop = new AbortController();
      clearTimeout(timer);
      void ask();
    };
    const onVisible = (): void => {
      if (!document.hidden && timer !== undefined) askNow();
    };
    look.current = askNow;
    void ask();
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [load, everyMs]);
  const refresh = useCallback(() => look.current(), []);
  return { ...watched, refresh };
}
