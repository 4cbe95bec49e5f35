/** What the types of aws4fetch take from the DOM's, which are not those of Bun. */
type BodyInit = NonNullable<RequestInit["body"]>;
