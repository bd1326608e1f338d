package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.wardian.cli.Failure;

@EnabledOnOs(OS.LINUX)
class EditSessionTest {
  private final List<String> objections = new ArrayList<>();
  private final List<String> taken = new ArrayList<>();

  private EditSession session(String editor, int tries) {
    return new EditSession(
        EditSession.editor(Map.of("EDITOR", editor)),
        new PrintWriter(new StringWriter()),
        objection -> {
          objections.add(objection);
          return objections.size() < tries;
        });
  }

  @Test
  void whatTheEditorWroteIsTaken() throws Exception {
    assertThat(session("sed -i s/one/two/", 1).edit("web", "one\n", taken::add)).isTrue();

    assertThat(taken).containsExactly("two\n");
  }

  @Test
  void anUnchangedTextIsNotTaken() throws Exception {
    assertThat(session("true", 1).edit("web", "one\n", taken::add)).isFalse();

    assertThat(taken).isEmpty();
  }

  @Test
  void visualComesBeforeEditor() {
    assertThat(EditSession.editor(Map.of("EDITOR", "ed", "VISUAL", "emacs -nw")))
        .contains("emacs -nw \"$1\"");
    assertThat(EditSession.editor(Map.of("EDITOR", "ed"))).contains("ed \"$1\"");
    assertThat(EditSession.editor(Map.of("VISUAL", " ")).toString()).contains("vi");
  }

  @Test
  void anObjectionLeadsBackToTheEditorWithTheUsersText() throws Exception {
    boolean changed =
        session("sed -i s/$/x/", 9)
            .edit(
                "web",
                "one\n",
                text -> {
                  if (!text.equals("onexxx\n")) {
                    throw new EditSession.Objection("not " + text.strip());
                  }
                  taken.add(text);
                });

    assertThat(changed).isTrue();
    assertThat(objections).containsExactly("not onex", "not onexx");
    assertThat(taken).containsExactly("onexxx\n");
  }

  @Test
  void whoGivesUpIsToldWhereTheTextIs() {
    EditSession session = session("sed -i s/one/two/", 1);

    assertThatThrownBy(() ->
            session.edit(
                "../../we b",
                "one\n",
                text -> {
                  throw new EditSession.Objection("no");
                }))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.getMessage()).startsWith("no; what you wrote is in ");
              Path file =
                  Path.of(failure.getMessage().replaceAll(".* is in ", "").split(",", 2)[0]);
              assertThat(file.getFileName().toString()).startsWith("ward-.._.._we_b-");
              assertThat(file).hasContent("two\n");
              assertThat(file.toFile().delete()).isTrue();
            });
  }

  @Test
  void anEditorThatFailsChangesNothing() {
    assertThatThrownBy(() -> session("false", 1).edit("web", "one\n", taken::add))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              assertThat(failure.getMessage()).startsWith("the editor ended with status 1");
              Path file = Path.of(failure.getMessage().replaceAll(".*the text is in ", ""));
              assertThat(Files.exists(file)).isTrue();
              assertThat(file.toFile().delete()).isTrue();
            });
    assertThat(taken).isEmpty();
  }
}
