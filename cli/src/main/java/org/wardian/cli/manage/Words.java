package org.wardian.cli.manage;

import java.util.Locale;

/** Names of the protocol's constants as words. */
final class Words {
  private Words() {}

  /** {@code FROM_SNAPSHOT} is "from snapshot"; a number that has no name is itself. */
  static String of(Enum<?> constant, int number) {
    return constant == null
        ? Integer.toString(number)
        : constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
