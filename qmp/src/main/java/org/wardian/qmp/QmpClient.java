package org.wardian.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.wardian.host.Descriptor;
import org.wardian.host.UnixSocket;

/**
 * A client of a QMP server, ours or QEMU's. Any thread may execute commands, several at a time; the
 * server works on them one after the other. Events are given to the listener on one thread, in
 * their order; it may execute commands.
 */
public final class QmpClient implements AutoCloseable {
  /** Bytes of one message of a server. */
  private static final int MAXIMUM_MESSAGE = 16 << 20;

  /** Events that the listener may be behind; a server that sends more is cut off. */
  private static final int MAXIMUM_EVENTS = 10_000;

  private static final int BLOCK = 16 << 10;

  private final UnixSocket socket;
  private final LineWriter writer;
  private final Consumer<QmpEvent> listener;
  private final AtomicLong numbers = new AtomicLong();
  private final Map<Long, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
  private final LinkedBlockingQueue<Optional<QmpEvent>> events =
      new LinkedBlockingQueue<>(MAXIMUM_EVENTS);
  private final CompletableFuture<ObjectNode> greeting = new CompletableFuture<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private volatile IOException ending;

  private QmpClient(UnixSocket socket, Consumer<QmpEvent> listener) {
    this.socket = socket;
    this.listener = listener;
    writer = new LineWriter(socket);
  }

  /**
   * Connects, reads the greeting and negotiates.
   *
   * @param listener takes events from the first one that the server sends
   * @param patience for the greeting and the negotiation
   * @throws IOException when nobody listens there, or it is no QMP server
   */
  public static QmpClient connect(Path path, Duration patience, Consumer<QmpEvent> listener)
      throws IOException {
    UnixSocket socket;
    try {
      socket = UnixSocket.connect(path);
    } catch (RuntimeException e) {
      throw new IOException(e.getMessage(), e);
    }
    QmpClient client = new QmpClient(socket, listener);
    client.writer.start("qmp-client-writer");
    Thread.ofVirtual().name("qmp-client-reader").start(client::read);
    Thread.ofVirtual().name("qmp-client-events").start(client::deliver);
    try {
      await(client.greeting, patience, "a QMP greeting on " + path);
      client.execute(ServerSession.NEGOTIATION, Arguments.none(), patience);
      return client;
    } catch (QmpException e) {
      client.close();
      throw new IOException(path + " refuses the negotiation: " + e.getMessage(), e);
    } catch (IOException e) {
      client.close();
      throw e;
    }
  }

  private static <T> T await(CompletableFuture<T> future, Duration patience, String what)
      throws IOException, QmpException {
    try {
      return patience == null
          ? future.get()
          : future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException(what + " did not come within " + patience.toMillis() + " ms", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + what, e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case QmpException refused ->
            throw new QmpException(refused.errorClass(), refused.getMessage());
        case IOException broken -> throw new IOException(broken.getMessage(), broken);
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  /** What the server says that it is: the member {@code version} of its greeting. */
  public JsonNode version() {
    return greeting.resultNow().path("version");
  }

  /**
   * Executes a command and waits for its result, as long as it takes.
   *
   * @return the member {@code return}
   * @throws QmpException what the server answered instead
   * @throws IOException when the connection ends before
   */
  public JsonNode execute(String command, ObjectNode arguments) throws QmpException, IOException {
    return execute(command, arguments, null);
  }

  /**
   * Executes a command and waits for its result.
   *
   * @param patience how long; the command goes on in the server when it is over
   * @throws IOException also when the time is over
   */
  public JsonNode execute(String command, ObjectNode arguments, Duration patience)
      throws QmpException, IOException {
    return await(send(command, arguments), patience, "the result of " + command);
  }

  /** Sends a command; what it completes with is as {@link #execute} returns and throws. */
  public CompletableFuture<JsonNode> send(String command, ObjectNode arguments) {
    long number = numbers.getAndIncrement();
    ObjectNode request = JsonNodeFactory.instance.objectNode();
    request.put("execute", command);
    if (!arguments.isEmpty()) {
      request.set("arguments", arguments);
    }
    request.put("id", number);
    CompletableFuture<JsonNode> result = new CompletableFuture<>();
    waiting.put(number, result);
    if (!writer.send(LineWriter.line(request))) {
      IOException reason = ending;
      waiting.remove(number);
      result.completeExceptionally(
          reason != null ? reason : new IOException("the QMP connection is closed"));
    }
    return result;
  }

  private void read() {
    JsonStream stream =
        new JsonStream(
            MAXIMUM_MESSAGE,
            new JsonStream.Receiver() {
              @Override
              public void value(JsonNode value) {
                received(value);
              }

              @Override
              public void error(String description) {
                end(new IOException("the QMP server sends what is no JSON: " + description));
              }
            });
    byte[] block = new byte[BLOCK];
    try {
      int count;
      while ((count = socket.read(block, 0, block.length, QmpClient::refuse)) > 0) {
        stream.feed(block, 0, count);
      }
      end(new IOException("the QMP server closed the connection"));
    } catch (IOException e) {
      end(e);
    }
  }

  private static void refuse(List<Descriptor> passed) {
    passed.forEach(Descriptor::close);
  }

  private void received(JsonNode value) {
    if (!(value instanceof ObjectNode message)) {
      end(new IOException("the QMP server sends what is no object"));
    } else if (message.has("event")) {
      if (!events.offer(Optional.of(QmpEvent.of(message)))) {
        end(new IOException("the QMP server sends more events than can be handled"));
      }
    } else if (message.get("QMP") instanceof ObjectNode about) {
      greeting.complete(about);
    } else {
      reply(message);
    }
  }

  private void reply(ObjectNode message) {
    CompletableFuture<JsonNode> result = waiting.remove(message.path("id").asLong(-1));
    if (result == null) {
      return;
    }
    if (message.has("return")) {
      result.complete(message.get("return"));
    } else {
      JsonNode error = message.path("error");
      result.completeExceptionally(
          new QmpException(
              ErrorClass.of(error.path("class").asText()), error.path("desc").asText()));
    }
  }

  private void deliver() {
    try {
      Optional<QmpEvent> event;
      while ((event = events.take()).isPresent()) {
        listener.accept(event.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closed.complete(null);
    }
  }

  /**
   * Completes when the connection has ended, from either side, and all events have been given to
   * the listener.
   */
  public CompletableFuture<Void> closed() {
    return closed.copy();
  }

  private void end(IOException reason) {
    synchronized (this) {
      if (ending != null) {
        return;
      }
      ending = reason;
    }
    writer.breakOff();
    greeting.completeExceptionally(reason);
    waiting.values().forEach(result -> result.completeExceptionally(reason));
    waiting.clear();
    while (!events.offer(Optional.empty())) {
      // What the listener was too slow for is lost with the connection.
      events.poll();
    }
  }

  @Override
  public void close() {
    end(new IOException("the QMP connection is closed"));
  }
}
