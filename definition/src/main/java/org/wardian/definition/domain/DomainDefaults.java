package org.wardian.definition.domain;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * What a daemon fills in where a document says nothing.
 *
 * @param emulator the path of the program that runs a machine
 * @param random what uuids and hardware addresses are made of
 */
public record DomainDefaults(String emulator, RandomGenerator random) {
  /** The newest board of each family, by the number in QEMU's names. */
  public static final String NEWEST_BOARD = "7.2";

  /** The board that {@code pc} stands for. */
  public static final String PC = "pc-i440fx-" + NEWEST_BOARD;

  /** The board that {@code q35} stands for. */
  public static final String Q35 = "pc-q35-" + NEWEST_BOARD;

  /** The names of all boards with a version: those that guests made under QEMU have. */
  public static final List<String> BOARDS =
      IntStream.rangeClosed(0, 2)
          .boxed()
          .flatMap(minor -> List.of("pc-i440fx-7." + minor, "pc-q35-7." + minor).stream())
          .toList();

  /** The model of a processor where none is asked for. */
  public static final String PROCESSOR = "qemu64";

  /** The name that an alias of a board stands for; others stay. */
  public static String canonicalBoard(String name) {
    return switch (name) {
      case "", "pc" -> PC;
      case "q35" -> Q35;
      default -> name;
    };
  }
}
