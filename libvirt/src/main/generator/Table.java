import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The rows of a table: words between white space, comments and continued lines taken care of. */
record Table(Path file, List<List<String>> rows) {
  static Table read(Path file) throws IOException {
    List<List<String>> rows = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      List<String> words = List.of(line.strip().split("\\s+"));
      if (Character.isWhitespace(line.charAt(0))) {
        rows.getLast().addAll(words);
      } else {
        rows.add(new ArrayList<>(words));
      }
    }
    return new Table(file, rows);
  }

  /** Rows of one kind. */
  List<List<String>> of(String kind) {
    return rows.stream().filter(row -> row.getFirst().equals(kind)).toList();
  }

  /** {@code snake_case} or {@code camelCase} with a capital for each word, the first as asked. */
  static String camel(String name, boolean capital) {
    StringBuilder text = new StringBuilder();
    boolean up = capital;
    for (char c : name.toCharArray()) {
      if (c == '_') {
        up = true;
      } else {
        text.append(up ? Character.toUpperCase(c) : c);
        up = false;
      }
    }
    return text.toString();
  }
}
