# Tables, joins, windows and floating point.
sqlite3 test.db <<'END'
create table item(id integer primary key, name text, price real, kind integer);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into item select i, printf('item-%05d', i * 7919 % 20011), i * 37 % 1000 / 7.0, i % 17 from n;
create index by_kind on item(kind, price);
create table kind(id integer primary key, label text);
insert into kind select distinct kind, 'kind ' || char(65 + kind) from item;
select count(*), sum(price), avg(price), min(name), max(name), total(id) from item;
select label, count(*), printf('%.10f', sum(price)) from item join kind on kind = kind.id
  group by label order by 3 desc limit 8;
select name, price, rank() over (partition by kind order by price desc, name) r from item
  where name like '%99%' order by r, name limit 12;
select group_concat(upper(substr(name, -3)), '+') from (select name from item order by price, id limit 15);
update item set price = price * 1.1 where kind % 2 = 0;
delete from item where id % 13 = 5;
select round(sum(price), 6), count(distinct round(price, 1)), hex(zeroblob(4)) from item;
select sqrt(2), exp(1), pow(2, 0.5), sin(1), ln(10), 9223372036854775807 + 1, 7 / 2, -7 % 3;
select json_extract('{"a":[1,2.5,{"b":"c"}]}', '$.a[2].b'), date('2024-02-29', '+1 year');
with recursive f(a, b, n) as (select 0, 1, 0 union all select b, a + b, n + 1 from f where n < 90)
select a from f where n = 90;
pragma integrity_check;
END
sha256sum <test.db
