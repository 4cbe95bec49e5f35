/** `Scope`: of all, or of which one. */

export function Scope({ all, one, leave }: { all: string; one: string | undefined; leave(): void }) {
  if (one === undefined) return <p class="quiet">All {all}</p>;
  return (
    <p class="quiet">
      {one}
      {" · "}
      <button type="button" class="link" onClick={leave}>
        all {all}
      </button>
    </p>
  );
}
