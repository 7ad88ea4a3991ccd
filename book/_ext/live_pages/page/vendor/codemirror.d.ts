export * from "../../editor/entry.js";
