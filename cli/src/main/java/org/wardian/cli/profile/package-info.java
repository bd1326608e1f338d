/** Where a guest spends its time: symbols of its kernel, the profile's table, names for perf. */
package org.wardian.cli.profile;
