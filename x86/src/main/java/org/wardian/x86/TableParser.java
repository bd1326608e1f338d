package org.wardian.x86;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;

/**
 * Reads the rows of {@code instructions.tbl} in one pass over its bytes. It runs at every start of
 * the program before anything is compiled, hence no regular expressions and few strings.
 */
final class TableParser {
  private final byte[] text;
  private final HashMap<String, FlagEffects> flagEffects = new HashMap<>();
  private final HashMap<String, Integer> attributeSets = new HashMap<>();
  private int position;
  private int line = 1;

  TableParser(byte[] text) {
    this.text = text;
  }

  /** All rows; throws {@link IllegalStateException} that names the line of a malformed one. */
  Form[] parse() {
    ArrayList<Form> forms = new ArrayList<>(1024);
    try {
      while (position < text.length) {
        if (text[position] == '\n') {
          position++;
        } else if (text[position] == '#') {
          position = endOfLine() + 1;
        } else {
          forms.add(row(forms.size()));
        }
        line++;
      }
    } catch (RuntimeException e) {
      throw new IllegalStateException("instructions.tbl, line " + line, e);
    }
    return forms.toArray(new Form[0]);
  }

  private Form row(int id) {
    int start = position;
    Operation operation = Operation.valueOf(token());
    int[] operands = new int[4];
    int count = 0;
    int mods = Encoding.MEMORY | Encoding.REGISTER;
    for (String token = token(); token != null; token = token()) {
      int template = OperandTemplate.parse(token);
      operands[count++] = template;
      if (OperandTemplate.isRm(template) && token.indexOf('/') < 0) {
        mods = mods(token.charAt(0), mods);
      }
    }
    int[] templates = new int[count];
    System.arraycopy(operands, 0, templates, 0, count);
    Encoding encoding = encoding(mods);
    String feature = column();
    String flags = column();
    String attributes = column();
    int end = position++;
    return new Form(
        id,
        operation,
        templates,
        encoding,
        feature.equals("-") ? null : Feature.valueOf(feature),
        flagEffects.computeIfAbsent(flags, FlagEffects::parse),
        attributeSets.computeIfAbsent(attributes, TableParser::attributes),
        text,
        start,
        end);
  }

  private static int mods(char letter, int mods) {
    return switch (letter) {
      case 'M' -> Encoding.MEMORY;
      case 'R', 'N', 'U' -> Encoding.REGISTER;
      default -> mods;
    };
  }

  private Encoding encoding(int operandMods) {
    int prefixes = 0;
    int map = 0;
    int opcode = -1;
    int opcodes = 1;
    boolean modrm = false;
    int digit = -1;
    int fixed = -1;
    int fixedCount = 1;
    int mods = operandMods;
    int extra = 0;
    for (String token = token(); token != null; token = token()) {
      switch (token) {
        case "NP" -> prefixes = 1;
        case "NFx" -> prefixes = 3;
        case "/r", "/m" -> modrm = true;
        case "mem" -> mods = Encoding.MEMORY;
        case "reg" -> mods = Encoding.REGISTER;
        case "anymod" -> mods = 0;
        case "w0" -> extra = Encoding.W0;
        case "w1" -> extra = Encoding.W1;
        case "b0" -> extra = Encoding.B0;
        default -> {
          if (token.charAt(0) == '/') {
            modrm = true;
            digit = token.charAt(1) - '0';
            continue;
          }
          int value =
              Character.digit(token.charAt(0), 16) << 4 | Character.digit(token.charAt(1), 16);
          boolean last = !hexFollows();
          if (opcode >= 0) {
            modrm = true;
            fixed = value;
            fixedCount = token.endsWith("+i") ? 8 : 1;
          } else if (!last && prefixes == 0 && map == 0 && prefix(value) != 0) {
            prefixes = prefix(value);
          } else if (!last && map == 0 && value == 0x0f) {
            map = 1;
          } else if (!last && map == 1 && (value == 0x38 || value == 0x3a)) {
            map = value == 0x38 ? 2 : 3;
          } else {
            opcode = value;
            opcodes = token.endsWith("+cc") ? 16 : token.endsWith("+r") ? 8 : 1;
          }
        }
      }
    }
    boolean any = prefixes == 0;
    return new Encoding(
        any ? 15 : prefixes,
        any,
        map,
        opcode,
        opcodes,
        modrm,
        digit,
        fixed,
        fixedCount,
        modrm ? mods : 0,
        extra);
  }

  /** The prefix column that a mandatory prefix claims, as a mask; 0 if it is none. */
  private static int prefix(int value) {
    return value == 0x66 ? 2 : value == 0xf3 ? 4 : value == 0xf2 ? 8 : 0;
  }

  private static Integer attributes(String text) {
    int attributes = 0;
    for (String name : text.split(" ")) {
      attributes |=
          switch (name) {
            case "-" -> 0;
            case "lock" -> Form.LOCKABLE;
            case "no64" -> Form.NOT_IN_64;
            case "only64" -> Form.ONLY_IN_64;
            case "default64" -> Form.DEFAULT_64;
            case "force64" -> Form.FORCE_64;
            case "cpl0" -> Form.PRIVILEGED;
            case "rep" -> Form.REPEATABLE;
            case "repz" -> Form.REPEAT_TESTS_ZERO;
            case "align16" -> Form.ALIGN_16;
            case "align64" -> Form.ALIGN_64;
            default -> throw new IllegalArgumentException("attribute in " + text);
          };
    }
    return attributes;
  }

  /** The next word of the column, without a comma behind it; null, and past the bar, at its end. */
  private String token() {
    int at = position;
    while (text[at] == ' ') {
      at++;
    }
    int start = at;
    byte c = text[at];
    if (c == '|') {
      position = at + 1;
      return null;
    }
    while (c != ' ' && c != ',') {
      c = text[++at];
    }
    position = c == ',' ? at + 1 : at;
    return new String(text, start, at - start, StandardCharsets.ISO_8859_1);
  }

  /** The whole of the next column without the blanks round it, and past the bar. */
  private String column() {
    int start = position;
    while (text[start] == ' ') {
      start++;
    }
    int at = start;
    int end = start;
    for (byte c = text[at]; c != '|' && c != '\n'; c = text[++at]) {
      if (c != ' ') {
        end = at + 1;
      }
    }
    position = text[at] == '|' ? at + 1 : at;
    return new String(text, start, end - start, StandardCharsets.ISO_8859_1);
  }

  private boolean hexFollows() {
    return Character.digit(text[position + 1], 16) >= 0
        && Character.digit(text[position + 2], 16) >= 0;
  }

  private int endOfLine() {
    int at = position;
    while (text[at] != '\n') {
      at++;
    }
    return at;
  }
}
