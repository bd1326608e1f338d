package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The server's part of option haggling (NBD protocol, "Fixed newstyle negotiation"). */
final class OptionHaggling {
  private static final int PREFERRED_BLOCK = 4096;

  private final NbdServer server;
  private final ServerConnection connection;
  private final Wire wire;
  private final WireInput input;
  private final int clientFlags;
  private boolean structured;

  /** The export that {@link #contexts} are of. */
  private String contextsOf = "";

  private List<MetaContext> contexts = List.of();

  /** An option's data do not have the form they must have. */
  private static final class MalformedOption extends Exception {
    private static final long serialVersionUID = 1;

    MalformedOption(String message) {
      super(message);
    }
  }

  OptionHaggling(
      NbdServer server, ServerConnection connection, Wire wire, WireInput input, int clientFlags) {
    this.server = server;
    this.connection = connection;
    this.wire = wire;
    this.input = input;
    this.clientFlags = clientFlags;
  }

  /** Answers options until the client has chosen; null where it leaves. */
  Agreement run() throws IOException {
    while (true) {
      if (!input.await(Protocol.OPTION_BYTES)) {
        return null;
      }
      if (input.getLong() != Protocol.IHAVEOPT) {
        throw new ProtocolException("an option without its magic number");
      }
      int option = input.getInt();
      int length = input.getInt();
      if (length < 0 || length > Protocol.LARGEST_OPTION) {
        tooBig(option, length);
        continue;
      }
      ByteBuffer data = ByteBuffer.wrap(input.bytes(length));
      if (option == Protocol.OPT_EXPORT_NAME) {
        return exportName(data);
      }
      if (option == Protocol.OPT_ABORT) {
        reply(option, Protocol.REP_ACK);
        return null;
      }
      Agreement agreement = server.closing() ? refuse(option) : answer(option, data);
      if (agreement != null) {
        return agreement;
      }
    }
  }

  private void tooBig(int option, int length) throws IOException {
    if (length < 0 || length > Protocol.LARGEST_PAYLOAD || option == Protocol.OPT_EXPORT_NAME) {
      throw new ProtocolException("an option of " + Integer.toUnsignedString(length) + " bytes");
    }
    input.skip(length);
    error(option, Protocol.REP_ERR_TOO_BIG, "options have 256 KiB at most here");
  }

  private Agreement refuse(int option) throws IOException {
    error(option, Protocol.REP_ERR_SHUTDOWN, "the server is closing");
    return null;
  }

  private Agreement answer(int option, ByteBuffer data) throws IOException {
    try {
      switch (option) {
        case Protocol.OPT_LIST -> list(data);
        case Protocol.OPT_INFO, Protocol.OPT_GO -> {
          return info(option, data);
        }
        case Protocol.OPT_STRUCTURED_REPLY -> {
          empty(data);
          if (structured) {
            throw new MalformedOption("structured replies are agreed on already");
          }
          structured = true;
          reply(option, Protocol.REP_ACK);
        }
        case Protocol.OPT_LIST_META_CONTEXT, Protocol.OPT_SET_META_CONTEXT -> meta(option, data);
        default -> error(option, Protocol.REP_ERR_UNSUP, "no such option here");
      }
    } catch (MalformedOption e) {
      error(option, Protocol.REP_ERR_INVALID, e.getMessage());
    } catch (BufferUnderflowException e) {
      error(option, Protocol.REP_ERR_INVALID, "the option's data end too early");
    }
    return null;
  }

  private static void empty(ByteBuffer data) throws MalformedOption {
    if (data.hasRemaining()) {
      throw new MalformedOption("the option has " + data.remaining() + " bytes too many");
    }
  }

  private static String text(ByteBuffer data, int length) throws MalformedOption {
    if (length < 0 || length > data.remaining()) {
      throw new MalformedOption("a text that is longer than the option");
    }
    if (length > Protocol.LONGEST_TEXT) {
      throw new MalformedOption("a text of more than " + Protocol.LONGEST_TEXT + " bytes");
    }
    ByteBuffer bytes = data.slice(data.position(), length);
    data.position(data.position() + length);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
      if (text.indexOf('\0') >= 0) {
        throw new MalformedOption("a text with a NUL");
      }
      return text;
    } catch (CharacterCodingException e) {
      throw new MalformedOption("a text that is not UTF-8");
    }
  }

  private Agreement exportName(ByteBuffer data) throws IOException {
    String name;
    try {
      name = text(data, data.remaining());
    } catch (MalformedOption e) {
      throw new ProtocolException(e.getMessage());
    }
    NbdExport export =
        server
            .choose(name, connection)
            .orElseThrow(() -> new ProtocolException("there is no export '" + name + "'"));
    Agreement agreement = agreement(export);
    int zeroes = (clientFlags & Protocol.NO_ZEROES) != 0 ? 0 : Protocol.RESERVED_BYTES;
    ByteBuffer answer = ByteBuffer.allocate(10 + zeroes).putLong(agreement.size());
    answer.putShort((short) flags(export));
    wire.write(answer.rewind());
    return agreement;
  }

  private int flags(NbdExport export) {
    return Agreement.flags(export, structured, server.limits().connections() > 1);
  }

  private Agreement agreement(NbdExport export) {
    boolean same = structured && contextsOf.equals(export.name());
    return new Agreement(export, export.image().length(), structured, same ? contexts : List.of());
  }

  private void list(ByteBuffer data) throws IOException, MalformedOption {
    empty(data);
    for (NbdExport each : server.exports()) {
      byte[] name = each.name().getBytes(StandardCharsets.UTF_8);
      byte[] description = each.description().getBytes(StandardCharsets.UTF_8);
      ByteBuffer entry = ByteBuffer.allocate(4 + name.length + description.length);
      entry.putInt(name.length).put(name).put(description);
      reply(Protocol.OPT_LIST, Protocol.REP_SERVER, entry.flip());
    }
    reply(Protocol.OPT_LIST, Protocol.REP_ACK);
  }

  private Agreement info(int option, ByteBuffer data) throws IOException, MalformedOption {
    String name = text(data, data.getInt());
    int count = Short.toUnsignedInt(data.getShort());
    if (data.remaining() != count * 2) {
      throw new MalformedOption("the count of information requests does not fit");
    }
    boolean nameAsked = false;
    boolean descriptionAsked = false;
    for (int i = 0; i < count; i++) {
      int asked = data.getShort();
      nameAsked |= asked == Protocol.INFO_NAME;
      descriptionAsked |= asked == Protocol.INFO_DESCRIPTION;
    }
    boolean go = option == Protocol.OPT_GO;
    Optional<NbdExport> found = go ? server.choose(name, connection) : server.find(name);
    if (found.isEmpty()) {
      error(option, Protocol.REP_ERR_UNKNOWN, "there is no such export");
      return null;
    }
    NbdExport export = found.get();
    Agreement agreement = agreement(export);
    if (nameAsked) {
      describe(option, Protocol.INFO_NAME, export.name());
    }
    if (descriptionAsked && !export.description().isEmpty()) {
      describe(option, Protocol.INFO_DESCRIPTION, export.description());
    }
    ByteBuffer blocks = ByteBuffer.allocate(14).putShort((short) Protocol.INFO_BLOCK_SIZE);
    blocks.putInt(export.blockSize()).putInt(Math.max(PREFERRED_BLOCK, export.blockSize()));
    reply(option, Protocol.REP_INFO, blocks.putInt(Protocol.LARGEST_PAYLOAD).flip());
    ByteBuffer size = ByteBuffer.allocate(12).putShort((short) Protocol.INFO_EXPORT);
    size.putLong(agreement.size()).putShort((short) flags(export));
    reply(option, Protocol.REP_INFO, size.flip());
    reply(option, Protocol.REP_ACK);
    return go ? agreement : null;
  }

  private void describe(int option, int kind, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer info = ByteBuffer.allocate(2 + bytes.length).putShort((short) kind).put(bytes);
    reply(option, Protocol.REP_INFO, info.flip());
  }

  private void meta(int option, ByteBuffer data) throws IOException, MalformedOption {
    boolean set = option == Protocol.OPT_SET_META_CONTEXT;
    if (set) {
      contexts = List.of();
    }
    if (!structured) {
      throw new MalformedOption("structured replies must be agreed on first");
    }
    String name = text(data, data.getInt());
    int count = data.getInt();
    List<String> queries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      queries.add(text(data, data.getInt()));
    }
    if (count < 0) {
      throw new MalformedOption("more queries than the option has bytes");
    }
    empty(data);
    Optional<NbdExport> export = server.find(name);
    if (export.isEmpty()) {
      error(option, Protocol.REP_ERR_UNKNOWN, "there is no such export");
      return;
    }
    List<MetaContext> found = MetaContexts.find(export.get(), queries, !set);
    for (int i = 0; i < found.size(); i++) {
      byte[] text = found.get(i).name().getBytes(StandardCharsets.UTF_8);
      ByteBuffer context = ByteBuffer.allocate(4 + text.length).putInt(set ? i : 0).put(text);
      reply(option, Protocol.REP_META_CONTEXT, context.flip());
    }
    if (set) {
      contexts = found;
      contextsOf = name;
    }
    reply(option, Protocol.REP_ACK);
  }

  private void error(int option, int type, String message) throws IOException {
    reply(option, type, StandardCharsets.UTF_8.encode(message));
  }

  private void reply(int option, int type) throws IOException {
    reply(option, type, ByteBuffer.allocate(0));
  }

  private void reply(int option, int type, ByteBuffer data) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(Protocol.OPTION_REPLY_BYTES);
    head.putLong(Protocol.OPTION_REPLY).putInt(option).putInt(type).putInt(data.remaining());
    wire.write(head.flip(), data);
  }
}
