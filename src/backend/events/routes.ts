/** `eventRoutes`: events and sessions, taken in and given back. */
import { listEvents, listSessions, sendEvents } from "../../api/contract/events.ts";
import type { Deps } from "../deps.ts";
import { type Route, route } from "../handler.ts";
import { handleListEvents } from "./list-events.ts";
import { handleListSessions } from "./list-sessions.ts";
import { handleSendEvents } from "./send-events.ts";

export const eventRoutes: readonly Route<Deps>[] = [
  route(sendEvents, handleSendEvents),
  route(listSessions, handleListSessions),
  route(listEvents, handleListEvents),
];
