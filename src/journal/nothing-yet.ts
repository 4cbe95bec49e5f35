/** What to say where there is no recording at all: how one comes about. */
export const BEGIN_HINT = "Put km in front of your clients' servers: km wrap, or run one: km monitor -- <command>";

export const NOTHING_YET = `No sessions recorded yet\n    ${BEGIN_HINT}`;
