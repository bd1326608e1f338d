package org.wardian.libvirt.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.wardian.libvirt.rpc.Header;
import org.wardian.libvirt.rpc.Message;
import org.wardian.libvirt.rpc.MessageConnection;
import org.wardian.libvirt.rpc.MessageType;
import org.wardian.libvirt.rpc.Peer;

/**
 * One client: what it has told about itself, its calls and streams. It ends when its connection
 * does, and then everything that it registered is gone.
 */
public final class Session {
  static final System.Logger LOG = System.getLogger(Session.class.getName());

  /** Streams that one client may have open. */
  private static final int MOST_STREAMS = 256;

  private final Server server;
  private final MessageConnection connection;
  private final boolean readOnlyService;
  private final Login login;
  private final Dispatcher dispatcher = new Dispatcher(this);
  private final CallQueue calls;
  private final Map<Integer, ServerStream> streams = new ConcurrentHashMap<>();
  private final List<Runnable> whenClosed = new ArrayList<>();
  private boolean closed;
  private volatile String uri;
  private volatile boolean readOnly;

  Session(Server server, MessageConnection connection, Service service) {
    this.server = server;
    this.connection = connection;
    readOnlyService = service.readOnly();
    readOnly = readOnlyService;
    login = new Login(this, service.authentication(connection.peer()), server.mechanisms());
    calls = new CallQueue(connection, dispatcher, server.limits());
    connection.whenClosed(this::closed);
  }

  /** Receives until the connection ends. */
  void run() {
    Message message;
    while ((message = connection.receive()) != null) {
      take(message);
    }
  }

  private void take(Message message) {
    MessageType type = message.header().messageType();
    if (type == MessageType.CALL || type == MessageType.CALL_WITH_FDS) {
      if (login.isDone()) {
        calls.add(message);
      } else {
        // One at a time, here: a security layer begins right after the last reply.
        dispatcher.answer(message);
      }
      return;
    }
    message.closeDescriptors();
    if (type == MessageType.STREAM || type == MessageType.STREAM_HOLE) {
      ServerStream stream = streams.get(message.header().serial());
      if (stream != null && stream.has(message.header())) {
        stream.take(message);
      }
    }
  }

  /** Makes a stream for a call; null when the client has too many, or one of that serial. */
  ServerStream openStream(Header call) {
    ServerStream stream = new ServerStream(connection, call, () -> streams.remove(call.serial()));
    if (streams.size() >= MOST_STREAMS || streams.putIfAbsent(call.serial(), stream) != null) {
      return null;
    }
    synchronized (this) {
      if (!closed) {
        return stream;
      }
    }
    stream.end(true);
    return stream;
  }

  private void closed() {
    List<Runnable> actions;
    synchronized (this) {
      closed = true;
      actions = List.copyOf(whenClosed);
      whenClosed.clear();
    }
    calls.close();
    server.events().forget(this);
    streams.values().forEach(stream -> stream.end(true));
    actions.forEach(Runnable::run);
  }

  /** Calls {@code action} when the client is gone, or at once. */
  public void whenClosed(Runnable action) {
    synchronized (this) {
      if (!closed) {
        whenClosed.add(action);
        return;
      }
    }
    action.run();
  }

  /** The server that it belongs to. */
  Server server() {
    return server;
  }

  MessageConnection connection() {
    return connection;
  }

  Login login() {
    return login;
  }

  /** Whether it has authenticated, or need not. */
  public boolean isAuthenticated() {
    return login.isDone();
  }

  /** The user that it has authenticated as; null where it was not asked. */
  public String user() {
    return login.user();
  }

  /** Who is at the other end. */
  public Peer peer() {
    return connection.peer();
  }

  /** Whether it may only look. */
  public boolean isReadOnly() {
    return readOnly;
  }

  /** The URI that it has opened, perhaps empty; null before. */
  public String uri() {
    return uri;
  }

  void open(String opened, boolean openedReadOnly) {
    readOnly = readOnlyService || openedReadOnly;
    uri = opened;
  }

  /** Ends the connection. */
  public void disconnect() {
    connection.close();
  }

  void log(String what, IOException e) {
    LOG.log(System.Logger.Level.DEBUG, () -> what + " for " + peer().address() + ": " + e);
  }
}
