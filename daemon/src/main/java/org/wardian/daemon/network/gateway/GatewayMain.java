package org.wardian.daemon.network.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.network.NetworkDocument;

/**
 * The process of an active network, {@code ward network-process}: it has a switch that machines
 * join, and the network's gateway plugged into it. It ends when it is told to at its control
 * socket, or by a signal; its words are its standard error's.
 */
public final class GatewayMain {
  private GatewayMain() {}

  /**
   * Runs until it is told to stop.
   *
   * @param arguments {@code --definition FILE --folder FOLDER --switch NAME --leases FILE}
   */
  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** The same; 0 where all was well. */
  public static int run(String... arguments) {
    Map<String, Path> options = new HashMap<>();
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      options.put(arguments[i], Path.of(arguments[i + 1]));
    }
    for (String option : new String[] {"--definition", "--folder", "--switch", "--leases"}) {
      if (!options.containsKey(option)) {
        System.err.println("network-process needs " + option);
        return 2;
      }
    }
    Path definition = options.get("--definition");
    try (Gateway gateway =
        new Gateway(
            read(definition),
            options.get("--folder"),
            options.get("--switch").toString(),
            options.get("--leases"))) {
      new ControlSocket(options.get("--folder"), options.get("--switch").toString())
          .serve(() -> gateway.reload(read(definition)));
      return 0;
    } catch (IOException e) {
      System.err.println("network " + definition + ": " + e.getMessage());
      return 1;
    }
  }

  private static NetworkDocument read(Path file) throws IOException {
    try {
      return NetworkDocument.parse(Files.readString(file));
    } catch (DefinitionException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
