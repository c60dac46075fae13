// Draws the diagrams of a page. What they link to and look like is theirs; they run no code.
mermaid.initialize({
  startOnLoad: true,
  securityLevel: "strict",
  theme: "neutral",
  fontFamily: "Helvetica, Arial, sans-serif",
  sequence: { width: 100, height: 40, actorMargin: 30, messageMargin: 20, mirrorActors: false },
});
