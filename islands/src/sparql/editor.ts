// The editor: CodeMirror in a shadow tree, whose style sheets the content security policy of the page permits.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import type { CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, LanguageSupport, syntaxHighlighting } from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { styleTags, tags } from "@lezer/highlight";
import { SparqlLanguage } from "codemirror-lang-sparql";

// The package gives prefixed names in triples no tag.
const NAMES = styleTags({ "Pname_ln Pname_ns": tags.namespace, A_predicate: tags.keyword });
const LANGUAGE = new LanguageSupport(SparqlLanguage.configure({ props: [NAMES] }));
// The variables are those of style.css, which has them for light and dark.
const COLORS = HighlightStyle.define([
  { tag: tags.comment, color: "var(--syntax-comment)", fontStyle: "italic" },
  { tag: tags.keyword, color: "var(--syntax-keyword)", fontWeight: "600" },
  { tag: tags.variableName, color: "var(--syntax-variable)" },
  { tag: [tags.string, tags.integer, tags.float, tags.bool], color: "var(--syntax-literal)" },
  { tag: [tags.namespace, tags.url, tags.typeName], color: "var(--syntax-name)" },
  { tag: tags.annotation, color: "var(--syntax-literal)" },
]);
const THEME = EditorView.theme({
  "&": {
    backgroundColor: "var(--page)",
    color: "var(--text)",
    border: "1px solid var(--soft)",
    borderRadius: "0.3rem",
    fontSize: "0.92rem",
  },
  "&.cm-focused": { outline: "3px solid var(--link)", outlineOffset: "2px" },
  ".cm-scroller": {
    fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
    lineHeight: "1.5",
    minHeight: "14rem",
    maxHeight: "32rem",
    overflow: "auto",
  },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--soft)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--raised)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--syntax-selection)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--syntax-selection)", outline: "1px solid var(--soft)" },
  ".cm-tooltip": { backgroundColor: "var(--page)", color: "var(--text)", border: "1px solid var(--soft)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { minHeight: "1.5rem", padding: "0.15rem 0.4rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--link)",
    color: "var(--page)",
  },
  ".cm-completionDetail": { fontStyle: "normal", marginLeft: "0.75em" },
  ".cm-completionMatchedText": { textDecoration: "underline" },
  ".cm-tooltip.cm-completionInfo": { maxWidth: "22rem", padding: "0.4rem 0.6rem" },
  ".cm-error": {
    borderBottom: "3px double var(--syntax-error)",
    backgroundColor: "var(--notice)",
  },
  ".cm-panel": { backgroundColor: "var(--raised)", color: "var(--text)" },
});

// What is typed over a selection. Chromium would wrap it in an element with a style, which our policy blocks and reports.
const OVER_SELECTION = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to } = view.state.selection.main;
    const text = event.inputType === "insertText" && !event.isComposing ? event.data : null;
    if (!text || from === to) return false;
    event.preventDefault();
    const typed = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type" });
    if (view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, typed))) return true;
    view.dispatch(typed());
    return true;
  },
});

interface Mark {
  from: number;
  to: number;
  message: string;
}

const setError = StateEffect.define<Mark | undefined>();
// The marked error. It stays until the text is changed at its place, or the next query runs.
const ERRORS = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let found = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setError)) continue;
      const mark = effect.value;
      const style = { class: "cm-error", attributes: { title: mark?.message ?? "" } };
      found = mark ? Decoration.set(Decoration.mark(style).range(mark.from, mark.to)) : Decoration.none;
    }
    return found;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export class Editor {
  readonly element: HTMLElement;
  private readonly view: EditorView;

  /**
   * @param text the first text.
   * @param label the name of the field, for screen readers.
   * @param complete what it suggests.
   * @param run what Ctrl+Enter does.
   * @param changed what a change of the text does.
   */
  constructor(
    text: string,
    label: string,
    complete: CompletionSource[],
    run: () => void,
    changed: (text: string) => void,
  ) {
    this.element = document.createElement("div");
    this.element.className = "editor";
    const root = this.element.attachShadow({ mode: "open" });
    const state = EditorState.create({
      doc: text,
      extensions: [
        keymap.of([
          // No binding of Tab: it leaves the editor, as it leaves any field.
          { key: "Mod-Enter", run: () => (run(), true) },
          ...completionKeymap,
          ...closeBracketsKeymap,
          ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"),
          ...historyKeymap,
        ]),
        lineNumbers(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ override: complete, icons: false, maxRenderedOptions: 60 }),
        LANGUAGE,
        syntaxHighlighting(COLORS),
        THEME,
        ERRORS,
        OVER_SELECTION,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "none" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(this.text);
        }),
      ],
    });
    this.view = new EditorView({ state, parent: root, root });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  set text(text: string) {
    this.unmark();
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, selection: { anchor: 0 } });
  }

  focus(): void {
    this.view.focus();
  }

  /** Mark an error at its position, and move the cursor there. Columns count characters, not UTF-16 units. */
  mark(message: string, line: number, column: number): void {
    const { doc } = this.view.state;
    const found = doc.line(Math.min(Math.max(line, 1), doc.lines));
    const before = [...found.text].slice(0, column - 1).join("");
    let from = found.from + before.length;
    let to = Math.min(from + (/^[\w:?$-]+/.exec(found.text.slice(before.length))?.[0].length ?? 1), found.to);
    if (from >= to) [from, to] = [Math.max(found.from, found.to - 1), found.to]; // at the end of the line
    const effects = from < to ? [setError.of({ from, to, message })] : [];
    this.view.dispatch({ effects, selection: { anchor: from }, scrollIntoView: true });
  }

  unmark(): void {
    this.view.dispatch({ effects: setError.of(undefined) });
  }
}
