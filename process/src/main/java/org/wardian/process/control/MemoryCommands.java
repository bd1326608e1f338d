package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.MemoryBalloon;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ErrorClass;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.virtio.balloon.VirtioBalloon;
import org.wardian.virtio.balloon.VirtioBalloon.Figure;

/** The guest's memory: the balloon with its figures, and dumps. */
final class MemoryCommands {
  /** What a figure says that the guest did not tell. */
  private static final BigInteger UNKNOWN = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);

  private static final long LOOK_MILLISECONDS = 500;
  private static final long SECOND = 1000;
  private static final String INTERVAL = "guest-stats-polling-interval";

  private final MachineControl control;
  private final long memory;

  /** Seconds between two questions to the guest; 0 for none. */
  private volatile long interval;

  private volatile long lastUpdate;
  private volatile long lastActual;

  MemoryCommands(DomainDocument document, MachineControl control) {
    this.control = control;
    this.memory = document.memoryKib() << 10;
    VirtioBalloon balloon = control.parts().balloon();
    if (balloon == null) {
      return;
    }
    interval = document.balloon().map(MemoryBalloon::statisticsPeriod).orElseThrow().orElse(0);
    balloon.target(Math.max(0, memory - (document.currentMemoryKib() << 10)));
    Thread.ofPlatform().daemon().name("balloon-watch").start(this::watch);
  }

  void addTo(CommandTable table) {
    table.add("query-balloon", List.of(), arguments -> query());
    table.add("balloon", List.of(required("value", ParameterType.INTEGER)), this::balloon);
    table.add(
        "qom-get",
        List.of(required("path", ParameterType.STRING), required("property", ParameterType.STRING)),
        this::property);
    table.add(
        "qom-set",
        List.of(
            required("path", ParameterType.STRING),
            required("property", ParameterType.STRING),
            required("value", ParameterType.ANY)),
        this::setProperty);
    table.add("query-memory-size-summary", List.of(), arguments -> summary());
    table.add("query-memory-devices", List.of(), arguments -> Replies.list());
    table.add(
        "dump-guest-memory",
        List.of(
            required("paging", ParameterType.BOOLEAN),
            required("protocol", ParameterType.STRING),
            optional("detach", ParameterType.BOOLEAN),
            optional("begin", ParameterType.INTEGER),
            optional("length", ParameterType.INTEGER),
            optional("format", ParameterType.STRING)),
        this::dump);
    table.add(
        "query-dump-guest-memory-capability",
        List.of(),
        arguments -> {
          ObjectNode capability = Replies.object();
          capability.putArray("formats").add("elf");
          return capability;
        });
    table.add(
        "pmemsave",
        List.of(
            required("val", ParameterType.INTEGER),
            required("size", ParameterType.INTEGER),
            required("filename", ParameterType.STRING)),
        this::save);
  }

  private void watch() {
    VirtioBalloon balloon = control.parts().balloon();
    long waited = 0;
    try {
      while (true) {
        Thread.sleep(LOOK_MILLISECONDS);
        waited += LOOK_MILLISECONDS;
        if (control.state() != RunState.RUNNING) {
          continue;
        }
        long actual = balloon.actual();
        if (actual != lastActual) {
          lastActual = actual;
          control.send("BALLOON_CHANGE", Arguments.none().put("actual", memory - actual));
        }
        if (lastUpdate == 0 && !balloon.figures().isEmpty()) {
          lastUpdate = Clock.systemUTC().millis() / SECOND; // What a driver tells when it comes.
        }
        if (interval > 0 && waited >= interval * SECOND) {
          waited = 0;
          balloon.ask(() -> lastUpdate = Clock.systemUTC().millis() / SECOND);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private VirtioBalloon device() throws QmpException {
    VirtioBalloon balloon = control.parts().balloon();
    if (balloon == null) {
      throw new QmpException(ErrorClass.DEVICE_NOT_ACTIVE, "No balloon device has been activated");
    }
    return balloon;
  }

  private JsonNode query() throws QmpException {
    return Replies.object().put("actual", memory - device().actual());
  }

  private JsonNode balloon(Arguments arguments) throws QmpException {
    VirtioBalloon balloon = device();
    long value = arguments.integer("value");
    if (value <= 0) {
      throw new QmpException("Parameter 'target' expects a size");
    }
    balloon.target(Math.max(0, memory - value));
    return Arguments.none();
  }

  private void checkPath(String path) throws QmpException {
    String alias = control.parts().balloonAlias();
    if (alias.isEmpty() || !path.equals("/machine/peripheral/" + alias) && !path.equals(alias)) {
      throw new QmpException(ErrorClass.DEVICE_NOT_FOUND, "Device '" + path + "' not found");
    }
  }

  private JsonNode property(Arguments arguments) throws QmpException {
    checkPath(arguments.string("path"));
    return switch (arguments.string("property")) {
      case "guest-stats" -> statistics();
      case INTERVAL -> JsonNodeFactory.instance.numberNode(interval);
      case "type" -> JsonNodeFactory.instance.textNode("virtio-balloon-pci");
      case String other ->
          throw new QmpException("Property 'virtio-balloon-pci." + other + "' not found");
    };
  }

  private JsonNode setProperty(Arguments arguments) throws QmpException {
    checkPath(arguments.string("path"));
    String property = arguments.string("property");
    if (!property.equals(INTERVAL)) {
      throw new QmpException("Property 'virtio-balloon-pci." + property + "' not found");
    }
    long seconds = arguments.integer("value");
    if (seconds < 0 || seconds > Integer.MAX_VALUE) {
      throw new QmpException("timer value must be 0 to " + Integer.MAX_VALUE);
    }
    interval = seconds;
    return Arguments.none();
  }

  private JsonNode statistics() throws QmpException {
    Map<Figure, Long> told = device().figures();
    ObjectNode answer = Replies.object();
    ObjectNode stats = answer.putObject("stats");
    for (Figure figure : Figure.values()) {
      Long value = told.get(figure);
      if (value == null) {
        stats.put(name(figure), UNKNOWN);
      } else {
        stats.put(name(figure), value.longValue());
      }
    }
    return answer.put("last-update", lastUpdate);
  }

  private static String name(Figure figure) {
    return switch (figure) {
      case SWAPPED_IN -> "stat-swap-in";
      case SWAPPED_OUT -> "stat-swap-out";
      case MAJOR_FAULTS -> "stat-major-faults";
      case MINOR_FAULTS -> "stat-minor-faults";
      case FREE -> "stat-free-memory";
      case TOTAL -> "stat-total-memory";
      case AVAILABLE -> "stat-available-memory";
      case CACHES -> "stat-disk-caches";
      case HUGE_PAGES_ALLOCATED -> "stat-htlb-pgalloc";
      case HUGE_PAGES_FAILED -> "stat-htlb-pgfail";
    };
  }

  private JsonNode summary() {
    return Replies.object().put("base-memory", memory).put("plugged-memory", 0);
  }

  private JsonNode dump(Arguments arguments) throws QmpException {
    if (!arguments.optionalString("format").orElse("elf").equals("elf")) {
      throw new QmpException("dump format is not supported; there is elf");
    }
    String protocol = arguments.string("protocol");
    if (!protocol.startsWith("file:")) {
      throw new QmpException("Parameter 'protocol' expects a protocol file:PATH");
    }
    Path file = Path.of(protocol.substring("file:".length()));
    synchronized (control.changing()) {
      boolean ran = control.state().isLive() && control.pause();
      try {
        MemoryDump.write(control.machine(), file);
      } catch (IOException e) {
        throw new QmpException("dump: " + file + ": " + e.getMessage());
      } finally {
        if (ran) {
          control.machine().resume();
        }
      }
    }
    return Arguments.none();
  }

  private JsonNode save(Arguments arguments) throws QmpException {
    Path file = Path.of(arguments.string("filename"));
    try {
      MemoryDump.part(control.machine(), arguments.integer("val"), arguments.integer("size"), file);
    } catch (IOException e) {
      throw new QmpException("Could not open '" + file + "': " + e.getMessage());
    }
    return Arguments.none();
  }
}
