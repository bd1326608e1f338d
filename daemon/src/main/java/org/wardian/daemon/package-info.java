/**
 * wardiand: its folders, its parts put together, who may do what. A package for each kind of
 * object.
 */
package org.wardian.daemon;
