package org.wardian.daemon.domain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.CharacterDevice;
import org.wardian.host.Descriptor;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainInterface;
import org.wardian.libvirt.wire.remote.DomainIpAddr;

/**
 * Speaks with QEMU's guest agent in guests: JSON in lines over the channel of its name. A guest is
 * hostile: what it answers has a limit, and a time. Source: QEMU Guest Agent Protocol Reference
 * 7.2, {@code guest-sync-delimited}.
 */
final class GuestAgents {
  private static final String CHANNEL = "org.qemu.guest_agent.0";

  /** Bytes of an answer. */
  private static final int MOST = 4 << 20;

  /** Interfaces of a guest, and addresses of one, that are told. */
  private static final int MOST_INTERFACES = 1_024;

  /** What a synchronised answer begins with. */
  private static final int SENTINEL = 0xff;

  /** How long the agent may take to say that it is there. */
  private static final Duration SYNC_PATIENCE = Duration.ofSeconds(5);

  /** How often it is looked whether an answer is still waited for. */
  private static final Duration LOOK = Duration.ofMillis(100);

  private final ObjectMapper json = new ObjectMapper();
  private final Map<UUID, ReentrantLock> locks = new ConcurrentHashMap<>();
  private final Map<UUID, Integer> timeouts = new ConcurrentHashMap<>();

  GuestAgents() {}

  /** Sets how long the agent of a domain may take: seconds, or -2 for ever, -1 usual, 0 not. */
  void setTimeout(Domain domain, int seconds) {
    timeouts.put(domain.uuid(), seconds);
  }

  /** Whether a running domain has an agent that answers, as far as the channel tells. */
  static CharacterDevice channel(Domain domain) throws LibvirtException {
    domain.running();
    return domain.facts().document().channels().stream()
        .filter(one -> one.channelName().filter(CHANNEL::equals).isPresent())
        .findFirst()
        .orElseThrow(() ->
            Refusal.qemu(ErrorNumber.ARGUMENT_UNSUPPORTED, "QEMU guest agent is not configured"));
  }

  /**
   * Executes a command in the guest.
   *
   * @return the member {@code return}
   * @throws LibvirtException with {@code AGENT_UNRESPONSIVE} where nobody answers in time
   */
  JsonNode execute(Domain domain, String command, ObjectNode arguments) throws LibvirtException {
    return execute(domain, command, arguments, () -> false);
  }

  /**
   * As the other one.
   *
   * @param over whether no answer is waited for any more
   */
  private JsonNode execute(
      Domain domain, String command, ObjectNode arguments, BooleanSupplier over)
      throws LibvirtException {
    ObjectNode request = json.createObjectNode().put("execute", command);
    if (arguments != null && !arguments.isEmpty()) {
      request.set("arguments", arguments);
    }
    int seconds = timeouts.getOrDefault(domain.uuid(), -1);
    JsonNode answer = exchange(domain, request, patience(seconds), over);
    if (answer.has("error")) {
      throw Refusal.internal(
          "unable to execute QEMU agent command '"
              + command
              + "': "
              + answer.path("error").path("desc").asText("it does not say why"));
    }
    return answer.path("return");
  }

  private static Duration patience(int seconds) {
    return switch (seconds) {
      case -2 -> Duration.ofDays(1);
      case -1 -> Duration.ofMinutes(1);
      case 0 -> Duration.ofMillis(500);
      default -> Duration.ofSeconds(Math.max(seconds, 1));
    };
  }

  /** A command of a client as it is, and the answer as it is. */
  String raw(Domain domain, String command, int seconds) throws LibvirtException {
    JsonNode request;
    try {
      request = json.readTree(command);
    } catch (JsonProcessingException e) {
      throw Refusal.internal("cannot parse json " + command + ": " + e.getOriginalMessage(), e);
    }
    if (!(request instanceof ObjectNode object)) {
      throw Refusal.badArgument("the command is no object");
    }
    return exchange(domain, object, patience(seconds), () -> false).toString();
  }

  /** Asks the guest to switch off; it gives no answer where it does. */
  void shutdown(Domain domain, String mode) throws LibvirtException {
    try {
      execute(domain, "guest-shutdown", json.createObjectNode().put("mode", mode));
    } catch (LibvirtException e) {
      if (domain.isActive() && !e.is(ErrorNumber.AGENT_UNRESPONSIVE)) {
        throw e;
      }
      if (domain.isActive() && domain.facts().state() == DomainState.RUNNING) {
        throw e;
      }
    }
  }

  /** Asks the guest to sleep; it gives no answer where it does. */
  void suspend(Domain domain, String command) throws LibvirtException {
    BooleanSupplier asleep =
        () -> !domain.isActive() || domain.facts().state() == DomainState.PMSUSPENDED;
    try {
      execute(domain, command, null, asleep);
    } catch (LibvirtException e) {
      if (!asleep.getAsBoolean()) {
        throw e;
      }
    }
  }

  /** How many processors the guest uses. */
  int processors(Domain domain) throws LibvirtException {
    int online = 0;
    for (JsonNode one : execute(domain, "guest-get-vcpus", null)) {
      online += one.path("online").asBoolean() ? 1 : 0;
    }
    return online;
  }

  /** Lets the guest use that many of its processors. */
  void setProcessors(Domain domain, int count) throws LibvirtException {
    ObjectNode arguments = json.createObjectNode();
    ArrayNode wanted = arguments.putArray("vcpus");
    int used = 0;
    for (JsonNode one : execute(domain, "guest-get-vcpus", null)) {
      boolean fixed = !one.path("can-offline").asBoolean();
      boolean use = fixed || used < count;
      used += use ? 1 : 0;
      if (!fixed) {
        wanted.addObject().put("logical-id", one.path("logical-id").asLong()).put("online", use);
      }
    }
    if (used < count) {
      throw Refusal.badArgument("guest agent reports less cpu than requested");
    }
    execute(domain, "guest-set-vcpus", arguments);
  }

  /** The addresses that the guest's own interfaces have. */
  List<DomainInterface> addresses(Domain domain) throws LibvirtException {
    List<DomainInterface> all = new ArrayList<>();
    for (JsonNode one : execute(domain, "guest-network-get-interfaces", null)) {
      if (all.size() >= MOST_INTERFACES) {
        break;
      }
      List<DomainIpAddr> addresses = new ArrayList<>();
      for (JsonNode address : one.path("ip-addresses")) {
        if (addresses.size() < MOST_INTERFACES) {
          addresses.add(
              new DomainIpAddr(
                  address.path("ip-address-type").asText().equals("ipv6") ? 1 : 0,
                  address.path("ip-address").asText(),
                  address.path("prefix").asInt()));
        }
      }
      all.add(
          new DomainInterface(
              one.path("name").asText(),
              one.has("hardware-address") ? one.path("hardware-address").asText() : null,
              addresses));
    }
    return all;
  }

  private JsonNode exchange(
      Domain domain, ObjectNode request, Duration patience, BooleanSupplier over)
      throws LibvirtException {
    CharacterDevice channel = channel(domain);
    if (domain.facts().state() != DomainState.RUNNING) {
      throw Refusal.notNow("domain is not running");
    }
    if (channel.state().filter("disconnected"::equals).isPresent()) {
      throw unresponsive("QEMU guest agent is not connected");
    }
    String path = channel.path().orElseThrow(() -> unresponsive("its channel has no socket"));
    ReentrantLock lock = locks.computeIfAbsent(domain.uuid(), uuid -> new ReentrantLock());
    lock.lock();
    try (UnixSocket socket = UnixSocket.connect(Path.of(path))) {
      AgentLines lines = new AgentLines(socket);
      synchronise(lines, socket);
      send(socket, request);
      return within(socket, patience, over, () -> read(lines.next(false)));
    } catch (RuntimeException e) {
      throw unresponsive("Guest agent not available for now: " + e.getMessage(), e);
    } catch (IOException e) {
      throw unresponsive("Guest agent not available for now", e);
    } finally {
      lock.unlock();
    }
  }

  /** Throws away what an earlier, impatient client left behind. */
  private void synchronise(AgentLines lines, UnixSocket socket) throws IOException {
    long number = ThreadLocalRandom.current().nextLong(1, 1L << 48);
    ObjectNode sync = json.createObjectNode().put("execute", "guest-sync-delimited");
    sync.putObject("arguments").put("id", number);
    byte[] flush = {(byte) SENTINEL};
    socket.write(flush, 0, 1); // ends what somebody left unfinished
    send(socket, sync);
    within(
        socket,
        SYNC_PATIENCE,
        () -> false,
        () -> {
          while (read(lines.next(true)).path("return").asLong() != number) {
            // An answer to somebody who did not wait for it.
          }
          return null;
        });
  }

  private static void send(UnixSocket socket, ObjectNode message) throws IOException {
    byte[] line = (message + "\n").getBytes(StandardCharsets.UTF_8);
    socket.write(line, 0, line.length);
  }

  private JsonNode read(byte[] line) throws IOException {
    return json.readTree(line);
  }

  @FunctionalInterface
  private interface Reading<T> {
    T read() throws IOException;
  }

  /** Reads, and closes the socket when that takes too long, or is over. */
  private static <T> T within(
      UnixSocket socket, Duration patience, BooleanSupplier over, Reading<T> reading)
      throws IOException {
    CountDownLatch done = new CountDownLatch(1);
    Thread.ofVirtual()
        .name("agent-patience")
        .start(() -> {
          try {
            long end = System.nanoTime() + patience.toNanos();
            while (!done.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
              if (over.getAsBoolean() || System.nanoTime() - end > 0) {
                socket.close();
                return;
              }
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    try {
      return reading.read();
    } finally {
      done.countDown();
    }
  }

  private static LibvirtException unresponsive(String detail) {
    return Refusal.qemu(ErrorNumber.AGENT_UNRESPONSIVE, detail);
  }

  private static LibvirtException unresponsive(String detail, Throwable cause) {
    return new LibvirtException(
        ErrorNumber.AGENT_UNRESPONSIVE,
        org.wardian.libvirt.constants.ErrorDomain.QEMU,
        detail,
        cause);
  }

  /** The lines that an agent sends. */
  private static final class AgentLines {
    private final UnixSocket socket;
    private final byte[] block = new byte[4096];
    private int at;
    private int filled;

    AgentLines(UnixSocket socket) {
      this.socket = socket;
    }

    /** The next line; with {@code afterSentinel} what comes before a byte 0xff is dropped. */
    byte[] next(boolean afterSentinel) throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      boolean begun = !afterSentinel;
      while (true) {
        int one = read();
        if (one == SENTINEL) {
          begun = true;
          line.reset();
        } else if (begun && one == '\n') {
          if (line.size() > 0) {
            return line.toByteArray();
          }
        } else if (begun) {
          if (line.size() >= MOST) {
            throw new IOException("the guest agent's answer is longer than " + MOST + " bytes");
          }
          line.write(one);
        }
      }
    }

    private int read() throws IOException {
      if (at == filled) {
        filled = socket.read(block, 0, block.length, files -> files.forEach(Descriptor::close));
        at = 0;
        if (filled <= 0) {
          filled = 0;
          throw new IOException("the channel was closed");
        }
      }
      return block[at++] & 0xff;
    }
  }
}
