package org.wardian.network.wire;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A request to read a file by TFTP: RFC 1350 §5, with options of RFC 2347.
 *
 * @param file its name
 * @param mode such as octet, in lower case
 * @param options by name in lower case
 */
public record TftpRequest(String file, String mode, Map<String, String> options) {
  /** Kind of message: read request. */
  public static final int READ = 1;

  /** Kind of message: write request. */
  public static final int WRITE = 2;

  /** Kind of message: data. */
  public static final int DATA = 3;

  /** Kind of message: acknowledgment. */
  public static final int ACKNOWLEDGMENT = 4;

  /** Kind of message: error. */
  public static final int ERROR = 5;

  /** Kind of message: options that are agreed on. */
  public static final int OPTIONS = 6;

  private static final int MOST_OPTIONS = 16;

  /** Reads a request of kind {@link #READ}; null where it is malformed. */
  public static TftpRequest parse(byte[] bytes, int at, int length) {
    if (length < 4 || NetworkOrder.get16(bytes, at) != READ) {
      return null;
    }
    String[] texts = new String[2 + 2 * MOST_OPTIONS];
    int count = 0;
    int start = at + 2;
    for (int i = start; i < at + length && count < texts.length; i++) {
      if (bytes[i] == 0) {
        texts[count++] = new String(bytes, start, i - start, StandardCharsets.UTF_8);
        start = i + 1;
      }
    }
    if (count < 2) {
      return null;
    }
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 2; i + 1 < count; i += 2) {
      options.putIfAbsent(texts[i].toLowerCase(Locale.ROOT), texts[i + 1]);
    }
    return new TftpRequest(texts[0], texts[1].toLowerCase(Locale.ROOT), options);
  }
}
