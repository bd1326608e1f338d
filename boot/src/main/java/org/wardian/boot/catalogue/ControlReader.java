package org.wardian.boot.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/**
 * Reads a Debian control file (Debian Policy Manual §5.1, deb822(5)) paragraph by paragraph,
 * without holding the whole: a package index has 50 MB. Comment lines ({@code #}) are skipped.
 *
 * <p>Any input ends either in paragraphs or in a {@link CatalogueException} of kind {@link
 * Kind#MALFORMED}; memory is bounded by {@link #MAX_STANZA_BYTES}.
 */
final class ControlReader {
  /** The largest paragraph accepted; the hash list of a release is the largest real one. */
  static final int MAX_STANZA_BYTES = 8 << 20;

  private final InputStream in;
  private final String origin;
  private final byte[] buffer = new byte[16 << 10];
  private int position;
  private int limit;
  private byte[] line = new byte[256];
  private int lineLength;
  private long lineNumber;

  /**
   * @param in the file; read in large pieces, not closed
   * @param origin what to call the file in an error
   */
  ControlReader(InputStream in, String origin) {
    this.in = in;
    this.origin = origin;
  }

  /** The next paragraph, or null at the end of the file. */
  ControlStanza next() throws IOException {
    return next(firstValue -> true);
  }

  /**
   * The next paragraph whose first field's value the filter accepts, or null at the end of the
   * file. Paragraphs refused are skipped without being kept: a package index opens each with the
   * package's name.
   */
  ControlStanza next(Predicate<String> filter) throws IOException {
    Map<String, String> fields = new LinkedHashMap<>();
    StringBuilder value = new StringBuilder();
    String name = null;
    int size = 0;
    boolean skipping = false;
    while (readLine()) {
      if (isBlankLine()) {
        skipping = false;
        if (name != null) {
          fields.put(name, value.toString());
          return new ControlStanza(fields);
        }
        continue;
      }
      if (skipping || line[0] == '#') {
        continue;
      }
      size += lineLength;
      if (size > MAX_STANZA_BYTES) {
        throw malformed("paragraph of more than " + MAX_STANZA_BYTES + " bytes");
      }
      if (line[0] == ' ' || line[0] == '\t') {
        if (name == null) {
          throw malformed("continuation line without a field");
        }
        value.append('\n').append(text(1, lineLength).strip());
        continue;
      }
      int colon = colon();
      String newName = new String(line, 0, colon, StandardCharsets.US_ASCII);
      String newValue = text(colon + 1, lineLength).strip();
      if (name == null) {
        if (!filter.test(newValue)) {
          skipping = true;
          size = 0;
          continue;
        }
      } else {
        fields.put(name, value.toString());
      }
      if (fields.containsKey(newName)) {
        throw malformed("field " + newName + " twice");
      }
      name = newName;
      value.setLength(0);
      value.append(newValue);
    }
    if (name == null) {
      return null;
    }
    fields.put(name, value.toString());
    return new ControlStanza(fields);
  }

  private int colon() throws CatalogueException {
    for (int i = 0; i < lineLength; i++) {
      byte c = line[i];
      if (c == ':') {
        if (i == 0) {
          throw malformed("empty field name");
        }
        return i;
      }
      if (c <= ' ' || c == 0x7f) {
        break;
      }
    }
    throw malformed("a line that is neither a field nor a continuation");
  }

  private boolean isBlankLine() {
    for (int i = 0; i < lineLength; i++) {
      if (line[i] != ' ' && line[i] != '\t') {
        return false;
      }
    }
    return true;
  }

  private String text(int from, int to) {
    return new String(line, from, to - from, StandardCharsets.UTF_8);
  }

  /** Reads a line without its end (LF or CR LF) into {@link #line}; false at the end of file. */
  private boolean readLine() throws IOException {
    lineLength = 0;
    boolean any = false;
    while (true) {
      if (position == limit) {
        position = 0;
        limit = Math.max(0, in.read(buffer));
        if (limit == 0) {
          break;
        }
      }
      any = true;
      int start = position;
      while (position < limit && buffer[position] != '\n') {
        position++;
      }
      append(start, position);
      if (position < limit) {
        position++;
        break;
      }
    }
    if (lineLength > 0 && line[lineLength - 1] == '\r') {
      lineLength--;
    }
    lineNumber++;
    return any;
  }

  private void append(int from, int to) throws CatalogueException {
    int count = to - from;
    if (lineLength + count > MAX_STANZA_BYTES) {
      throw malformed("line of more than " + MAX_STANZA_BYTES + " bytes");
    }
    if (lineLength + count > line.length) {
      line = Arrays.copyOf(line, Math.max(line.length * 2, lineLength + count));
    }
    System.arraycopy(buffer, from, line, lineLength, count);
    lineLength += count;
  }

  private CatalogueException malformed(String what) {
    return new CatalogueException(
        Kind.MALFORMED, origin + ", line " + lineNumber + ": " + what + "; not a control file");
  }
}
