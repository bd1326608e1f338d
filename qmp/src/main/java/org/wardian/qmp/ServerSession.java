package org.wardian.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import org.wardian.host.Descriptor;
import org.wardian.host.UnixSocket;

/**
 * One client of a server: greeting, negotiation, commands in order (QEMU's
 * docs/interop/qmp-spec.txt). One thread reads and executes what is out of band, one executes the
 * other commands.
 */
final class ServerSession {
  /** The command that ends the negotiation. */
  static final String NEGOTIATION = "qmp_capabilities";

  /** Bytes of one message of a client. */
  static final int MAXIMUM_MESSAGE = 4 << 20;

  /** Commands that are read ahead of the one being executed, as QEMU's QMP_REQ_QUEUE_LEN_MAX. */
  private static final int READ_AHEAD = 8;

  private static final int BLOCK = 8192;
  private static final String OUT_OF_BAND = "oob";
  private static final List<String> MEMBERS = List.of("execute", "exec-oob", "arguments", "id");

  private final UnixSocket socket;
  private final CommandTable commands;
  private final Consumer<ServerSession> whenClosed;
  private final LineWriter writer;
  private final BlockingQueue<Optional<Runnable>> queue = new ArrayBlockingQueue<>(READ_AHEAD);
  private final JsonStream stream =
      new JsonStream(
          MAXIMUM_MESSAGE,
          new JsonStream.Receiver() {
            @Override
            public void value(JsonNode value) {
              received(value);
            }

            @Override
            public void error(String description) {
              enqueue(() -> fail(null, new QmpException(description)));
            }
          });
  // Under this object's monitor.
  private boolean executing;
  private boolean finishing;

  private volatile boolean negotiated;
  private volatile boolean outOfBand;

  ServerSession(UnixSocket socket, CommandTable commands, Consumer<ServerSession> whenClosed) {
    this.socket = socket;
    this.commands = commands;
    this.whenClosed = whenClosed;
    writer = new LineWriter(socket);
  }

  void start() {
    ObjectNode greeting = JsonNodeFactory.instance.objectNode();
    ObjectNode about = greeting.putObject("QMP");
    about.set("version", commands.version().toJson());
    about.putArray("capabilities").add(OUT_OF_BAND);
    writer.offer(LineWriter.line(greeting));
    writer.start("qmp-writer");
    Thread.ofVirtual().name("qmp-reader").start(this::read);
    Thread.ofVirtual().name("qmp-executor").start(this::executeAll);
  }

  private void read() {
    byte[] block = new byte[BLOCK];
    try {
      int count;
      while ((count = socket.read(block, 0, block.length, ServerSession::refuse)) > 0) {
        stream.feed(block, 0, count);
      }
    } catch (IOException e) {
      log().log(Level.DEBUG, "a client is gone", e);
    } finally {
      put(Optional.empty());
    }
  }

  /** No command takes a descriptor. */
  private static void refuse(List<Descriptor> passed) {
    passed.forEach(Descriptor::close);
  }

  private void enqueue(Runnable request) {
    put(Optional.of(request));
  }

  private void put(Optional<Runnable> request) {
    try {
      queue.put(request);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void executeAll() {
    try {
      Optional<Runnable> request;
      while ((request = queue.take()).isPresent() && begin()) {
        request.get().run();
        end();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      whenClosed.accept(this);
      writer.finish();
    }
  }

  private synchronized boolean begin() {
    executing = !finishing;
    return executing;
  }

  private synchronized void end() {
    executing = false;
    if (finishing) {
      writer.finish();
    }
  }

  private void received(JsonNode value) {
    if (outOfBand && value.has("exec-oob")) {
      answer(value);
    } else {
      enqueue(() -> answer(value));
    }
  }

  private void answer(JsonNode value) {
    if (!(value instanceof ObjectNode request)) {
      fail(null, new QmpException("QMP input must be a JSON object"));
      return;
    }
    JsonNode id = request.get("id");
    try {
      JsonNode result = execute(request);
      ObjectNode reply = JsonNodeFactory.instance.objectNode();
      reply.set("return", result);
      if (id != null) {
        reply.set("id", id);
      }
      writer.send(LineWriter.line(reply));
    } catch (QmpException e) {
      fail(id, e);
    } catch (RuntimeException e) {
      log().log(Level.ERROR, "a command failed: " + request.path("execute").asText(), e);
      fail(id, new QmpException("the command failed: " + e));
    }
  }

  private void fail(JsonNode id, QmpException error) {
    ObjectNode reply = JsonNodeFactory.instance.objectNode();
    if (id != null) {
      reply.set("id", id);
    }
    reply
        .putObject("error")
        .put("class", error.errorClass().text())
        .put("desc", error.getMessage());
    writer.send(LineWriter.line(reply));
  }

  private JsonNode execute(ObjectNode request) throws QmpException {
    for (String member : (Iterable<String>) request::fieldNames) {
      if (!MEMBERS.contains(member)) {
        throw new QmpException("QMP input member '" + member + "' is unexpected");
      }
    }
    boolean urgent = request.has("exec-oob");
    if (urgent && request.has("execute")) {
      throw new QmpException("QMP input member 'exec-oob' clashes with 'execute'");
    }
    String member = urgent ? "exec-oob" : "execute";
    JsonNode name = request.get(member);
    if (name == null) {
      throw new QmpException("QMP input lacks member 'execute'");
    }
    if (!name.isTextual()) {
      throw new QmpException("QMP input member '" + member + "' must be a string");
    }
    JsonNode arguments = request.path("arguments");
    if (!arguments.isMissingNode() && !arguments.isObject()) {
      throw new QmpException("QMP input member 'arguments' must be an object");
    }
    return execute(
        name.textValue(), arguments instanceof ObjectNode given ? given : Arguments.none(), urgent);
  }

  private JsonNode execute(String name, ObjectNode arguments, boolean urgent) throws QmpException {
    if (negotiated) {
      if (urgent && !outOfBand) {
        throw new QmpException("Out-of-band capability is not enabled");
      }
      return commands.execute(name, arguments, urgent);
    }
    if (!name.equals(NEGOTIATION)) {
      throw new QmpException(
          ErrorClass.COMMAND_NOT_FOUND,
          "Expecting capabilities negotiation with '" + NEGOTIATION + "'");
    }
    negotiate(arguments);
    return Arguments.none();
  }

  private void negotiate(ObjectNode members) throws QmpException {
    Arguments arguments =
        Arguments.checked(members, List.of(Parameter.optional("enable", ParameterType.LIST)));
    boolean wanted = false;
    if (arguments.has("enable")) {
      for (JsonNode capability : arguments.list("enable")) {
        if (!OUT_OF_BAND.equals(capability.textValue())) {
          throw new QmpException("Invalid parameter '" + capability.asText() + "'");
        }
        wanted = true;
      }
    }
    outOfBand = wanted;
    negotiated = true;
  }

  /** An event's line, for a client that negotiated. */
  void event(byte[] line) {
    if (negotiated) {
      writer.offer(line);
    }
  }

  /** Ends when the command that is being executed is answered. */
  synchronized void finish() {
    finishing = true;
    if (!executing) {
      writer.finish();
    }
  }

  void awaitEnd(long deadline) {
    writer.awaitEnd(deadline);
  }

  void close() {
    writer.breakOff();
  }

  /** Asked for when there is something to say: the first one makes Java look into each jar file. */
  private static System.Logger log() {
    return System.getLogger(ServerSession.class.getName());
  }
}
