package org.wardian.daemon.network;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How the process of a network is started. */
@FunctionalInterface
public interface GatewayLauncher {
  /** Options of the process's JVM: it is small, and starts often. */
  List<String> OPTIONS =
      List.of(
          "-XX:+UseSerialGC",
          "-Xms8m",
          "-Xmx160m",
          "-Xss512k",
          "-XX:TieredStopAtLevel=1",
          "-XX:-UsePerfData",
          "--enable-native-access=org.wardian.host",
          "--sun-misc-unsafe-memory-access=allow");

  /** The class that the process runs. */
  String MAIN = "org.wardian.daemon.network.gateway.GatewayMain";

  /** The words of a command that takes the arguments of {@code GatewayMain} after them. */
  List<String> command();

  /** By the Java, and from the classes, that this process has. */
  static GatewayLauncher ofThisProcess() {
    List<String> words = new ArrayList<>();
    // Signals for the terminal that the daemon was started at are not for its networks.
    for (String folder :
        System.getenv().getOrDefault("PATH", "/usr/bin").split(File.pathSeparator)) {
      Path setsid = Path.of(folder, "setsid");
      if (Files.isExecutable(setsid)) {
        words.add(setsid.toString());
        break;
      }
    }
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(OPTIONS);
    String modules = System.getProperty("jdk.module.path");
    boolean named = GatewayLauncher.class.getModule().isNamed() && modules != null;
    if (named) {
      words.addAll(List.of("--module-path", modules, "--module", "org.wardian.daemon/" + MAIN));
    } else {
      words.remove("--enable-native-access=org.wardian.host");
      words.add("--enable-native-access=ALL-UNNAMED");
      words.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
    }
    return () -> words;
  }
}
