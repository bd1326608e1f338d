package org.wardian.network.wire;

import java.util.List;

/**
 * What is read of a DNS message (RFC 1035 §4.1): its header and its one question.
 *
 * @param id the asker's number, 0 to 65,535
 * @param flags 16 bits
 * @param name the name asked for, in lower case
 * @param type type of the records asked for
 * @param category class of the records asked for
 * @param questionEnd offset after the question, from the message's start
 */
public record DnsMessage(int id, int flags, String name, int type, int category, int questionEnd) {
  /** Bytes of the header. */
  public static final int HEADER = 12;

  /** A response and not a query. */
  public static final int RESPONSE = 0x8000;

  /** The answer did not fit. */
  public static final int TRUNCATED = 0x0200;

  /** The asker wants recursion. */
  public static final int RECURSION_DESIRED = 0x0100;

  /** The server does recursion. */
  public static final int RECURSION_AVAILABLE = 0x0080;

  /** Type of IPv4 addresses. */
  public static final int A = 1;

  /** Type of pointers from an address to its name. */
  public static final int PTR = 12;

  /** Type of IPv6 addresses. */
  public static final int AAAA = 28;

  /** Class of the Internet. */
  public static final int INTERNET = 1;

  /** Response code: the query is malformed. */
  public static final int FORMAT_ERROR = 1;

  /** Response code: the server failed. */
  public static final int SERVER_FAILURE = 2;

  /** Response code: no such name. */
  public static final int NAME_ERROR = 3;

  /** Response code: this kind of query is unknown. */
  public static final int NOT_IMPLEMENTED = 4;

  /** Response code: against the rules. */
  public static final int REFUSED = 5;

  /** Type of texts. */
  public static final int TXT = 16;

  /** Type of services (RFC 2782). */
  public static final int SRV = 33;

  private static final int RECORD = 12;
  private static final int LONGEST_PLAIN = 512;
  private static final int OPCODE = 0x7800;
  private static final int OPT = 41;
  private static final int LONGEST_LIFE = 86_400;

  /** Reads a message; null where it is malformed or has not exactly one question. */
  public static DnsMessage parse(byte[] bytes, int at, int length) {
    if (length < HEADER || NetworkOrder.get16(bytes, at + 4) != 1) {
      return null;
    }
    int end = at + length;
    String name = DnsName.read(bytes, at + HEADER, end);
    int after = DnsName.skip(bytes, at + HEADER, end);
    if (name == null || after < 0 || after + 4 > end) {
      return null;
    }
    return new DnsMessage(
        NetworkOrder.get16(bytes, at),
        NetworkOrder.get16(bytes, at + 2),
        name,
        NetworkOrder.get16(bytes, after),
        NetworkOrder.get16(bytes, after + 2),
        after + 4 - at);
  }

  /** Whether it is a response. */
  public boolean response() {
    return (flags & RESPONSE) != 0;
  }

  /** Whether it is a standard query. */
  public boolean query() {
    return !response() && (flags & OPCODE) == 0;
  }

  /** The response code. */
  public int code() {
    return flags & 0xf;
  }

  /**
   * For how long a response may be given again: the shortest life of its records.
   *
   * @return seconds; 0 where it has no records, or is malformed
   */
  public static int life(byte[] bytes, int length) {
    return walk(bytes, length, -1);
  }

  /** Makes the lives of all records of a sound response shorter by {@code seconds}. */
  public static void age(byte[] bytes, int length, int seconds) {
    walk(bytes, length, seconds);
  }

  private static int walk(byte[] bytes, int length, int age) {
    DnsMessage message = parse(bytes, 0, length);
    if (message == null) {
      return 0;
    }
    int records =
        NetworkOrder.get16(bytes, 6) + NetworkOrder.get16(bytes, 8) + NetworkOrder.get16(bytes, 10);
    int at = message.questionEnd();
    int life = records == 0 ? 0 : LONGEST_LIFE;
    int counted = 0;
    for (int i = 0; i < records; i++) {
      int fields = DnsName.skip(bytes, at, length);
      if (fields < 0 || fields + 10 > length) {
        return 0;
      }
      int data = NetworkOrder.get16(bytes, fields + 8);
      if (fields + 10 + data > length) {
        return 0;
      }
      if (NetworkOrder.get16(bytes, fields) != OPT) {
        int left = Math.max(0, NetworkOrder.get32(bytes, fields + 4));
        life = Math.min(life, left);
        counted++;
        if (age >= 0) {
          NetworkOrder.put32(bytes, fields + 4, Math.max(0, left - age));
        }
      }
      at = fields + 10 + data;
    }
    return counted == 0 ? 0 : life;
  }

  /**
   * A copy of a query without the options of EDNS (RFC 6891 §6.1.2), such as cookies, which concern
   * asker and answerer only. A query of another shape stays as it is.
   */
  public static byte[] withoutOptions(byte[] bytes, int at, int length) {
    byte[] query = new byte[length];
    System.arraycopy(bytes, at, query, 0, length);
    DnsMessage message = parse(query, 0, length);
    if (message == null
        || NetworkOrder.get32(query, 6) != 0
        || NetworkOrder.get16(query, 10) != 1) {
      return query;
    }
    int record = message.questionEnd();
    int data = record + 11;
    if (data > length
        || query[record] != 0
        || NetworkOrder.get16(query, record + 1) != OPT
        || data + NetworkOrder.get16(query, record + 9) != length) {
      return query;
    }
    NetworkOrder.put16(query, record + 9, 0);
    byte[] shorter = new byte[data];
    System.arraycopy(query, 0, shorter, 0, data);
    return shorter;
  }

  /**
   * Writes a response without records to a query.
   *
   * @param code response code
   */
  public static byte[] respond(byte[] query, int at, DnsMessage message, int code) {
    byte[] response = new byte[message.questionEnd()];
    System.arraycopy(query, at, response, 0, response.length);
    int flags = RESPONSE | RECURSION_AVAILABLE | message.flags() & (RECURSION_DESIRED | OPCODE);
    NetworkOrder.put16(response, 2, flags | code);
    NetworkOrder.put16(response, 6, 0);
    NetworkOrder.put16(response, 8, 0);
    NetworkOrder.put16(response, 10, 0);
    return response;
  }

  /**
   * Writes a response with one record about the name asked for.
   *
   * @param data the record's data
   * @param life for how many seconds it holds
   */
  public static byte[] answer(byte[] query, int at, DnsMessage message, byte[] data, int life) {
    return answers(query, at, message, List.of(data), life);
  }

  /**
   * Writes a response with records about the name asked for, as many as fit into what every asker
   * takes (RFC 1035 §2.3.4).
   *
   * @param data the data of each record
   * @param life for how many seconds they hold
   */
  public static byte[] answers(
      byte[] query, int at, DnsMessage message, List<byte[]> data, int life) {
    byte[] head = respond(query, at, message, 0);
    int size = head.length;
    int count = 0;
    for (byte[] one : data) {
      if (size + RECORD + one.length > LONGEST_PLAIN) {
        break;
      }
      size += RECORD + one.length;
      count++;
    }
    byte[] response = new byte[size];
    System.arraycopy(head, 0, response, 0, head.length);
    if (count < data.size()) {
      NetworkOrder.put16(response, 2, NetworkOrder.get16(response, 2) | TRUNCATED);
    }
    NetworkOrder.put16(response, 6, count);
    int record = head.length;
    for (byte[] one : data.subList(0, count)) {
      NetworkOrder.put16(response, record, 0xc000 | HEADER);
      NetworkOrder.put16(response, record + 2, message.type());
      NetworkOrder.put16(response, record + 4, INTERNET);
      NetworkOrder.put32(response, record + 6, life);
      NetworkOrder.put16(response, record + 10, one.length);
      System.arraycopy(one, 0, response, record + RECORD, one.length);
      record += RECORD + one.length;
    }
    return response;
  }
}
