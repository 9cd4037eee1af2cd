/** A few entries that give the assistant something to answer from; those of the calendar are counted from a day, `YYYY-MM-DD`. */

function day(from, days, time) {
  const at = new Date(`${from}T00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return `${at.toISOString().slice(0, 10)}T${time}`;
}

export const NOTES = [
  { title: "和王总的会", body: "蓝鲸项目的报价定在 30 万，下周三之前给方案。" },
  { title: "读书", body: "《深度工作》读到第三章。" },
];

export const CONTACTS = [
  { name: "王建国", aliases: ["王总"], phones: ["13800138000"], organisation: "远山科技" },
  { name: "李晓梅", aliases: ["小梅"], phones: ["13900139000"], emails: ["xiaomei@example.com"] },
];

export const calendar = (today) => [
  { title: "和王总开项目会", start: day(today, 1, "10:00"), place: "三号会议室", people: ["王建国"] },
  { title: "体检", start: day(today, 3, "08:30"), place: "市医院" },
  { title: "和小梅吃饭", start: day(today, 7, "18:30"), people: ["李晓梅"] },
];
